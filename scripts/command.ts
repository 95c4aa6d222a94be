import { runMain } from '../packages/cli/run-main.ts';
import { adoptEncoding } from './lab/adopt-encoding.ts';
import type { ServiceView } from './views.ts';

type CommandContext = {
  readonly views: readonly ServiceView[];
  readonly env: NodeJS.ProcessEnv;
  /** Prints a line to stdout. */
  readonly print: (line: string) => void;
};

/** A command of npm run. Resolves to true for exit code 0, to false for 1. @throws Error whose message says what to do */
export type Command = (args: string[], context: CommandContext) => Promise<boolean>;

/**
 * Runs a command on the views of this project with the arguments of the process, and sets the exit code. The command is loaded after the
 * encoding of the mandates is known, because topics and views are constants.
 */
export const runCommand = (load: () => Promise<Command>): void =>
  void runMain(async () => {
    const args = process.argv.slice(2);
    await adoptEncoding(process.env, args);
    const command = await load();
    const { views } = await import('./views.ts');
    const print = (line: string) => console.log(line);
    if (!(await command(args, { views, env: process.env, print }))) process.exitCode = 1;
  });
