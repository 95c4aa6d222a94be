import { runTools } from './run-tools.ts';

const help = `Usage: npm run check
Runs npm run lint and npm run test:fast, as before every commit.

Options
  --help  shows this text

Examples
  npm run check

Exit codes
  0  nothing is wrong, and the fast tests passed
  1  a check or a test failed`;

if (process.argv.includes('--help')) console.log(help);
else runTools(['npm run --silent lint', 'npm run --silent test:fast']);
