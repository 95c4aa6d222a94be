import { runMain } from '../packages/cli/run-main.ts';
import { adoptEncoding } from './lab/adopt-encoding.ts';

void runMain(async () => {
  const hasColours = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  await adoptEncoding(process.env, process.argv);
  const { examine } = await import('./doctor/examine.ts');
  const exitCode = await examine(process.argv.slice(2), { env: process.env, print, hasColours });
  // A request to a process that does not answer would keep this one alive.
  process.stdout.write('', () => process.exit(exitCode));
});
