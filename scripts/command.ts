import { runMain } from '../packages/cli/run-main.ts';
import { type ServiceView, views } from './views.ts';

type CommandContext = {
  readonly views: readonly ServiceView[];
  readonly env: NodeJS.ProcessEnv;
  /** Prints a line to stdout. */
  readonly print: (line: string) => void;
};

/** A command of npm run. Resolves to true for exit code 0, to false for 1. @throws Error whose message says what to do */
export type Command = (args: string[], context: CommandContext) => Promise<boolean>;

/** Runs a command on the views of this project with the arguments of the process, and sets the exit code. */
export const runCommand = (command: Command): void => {
  const context = { views, env: process.env, print: (line: string) => console.log(line) };
  void runMain(async () => {
    if (!(await command(process.argv.slice(2), context))) process.exitCode = 1;
  });
};
