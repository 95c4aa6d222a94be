import { runMain } from '../packages/cli/run-main.ts';
import { examine } from './doctor/examine.ts';

void runMain(async () => {
  const hasColours = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  const exitCode = await examine(process.argv.slice(2), { env: process.env, print, hasColours });
  // A request to a process that does not answer would keep this one alive.
  process.stdout.write('', () => process.exit(exitCode));
});
