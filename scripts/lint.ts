import { runTools } from './run-tools.ts';

const help = `Usage: npm run lint
Checks types, lint rules, format, floating promises, and unused code and dependencies.

Options
  --help  shows this text

Examples
  npm run lint

Exit codes
  0  nothing is wrong
  1  a check failed; the checks after it did not run`;

const checks = [
  'tsc',
  'tsc --project console/app',
  'biome check --error-on-warnings',
  'oxlint',
  'knip',
  'knip --production',
];

if (process.argv.includes('--help')) console.log(help);
else runTools(checks);
