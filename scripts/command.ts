import { reportFailure } from '../packages/cli/report-failure.ts';
import { type ServiceView, views } from './views.ts';

export type CommandContext = {
  readonly views: readonly ServiceView[];
  readonly env: NodeJS.ProcessEnv;
  /** Writes a line for the person. */
  readonly print: (line: string) => void;
};

/** What `npm run` starts. Answers whether all is well. @throws Error whose message says what to do */
export type Command = (args: string[], context: CommandContext) => Promise<boolean>;

/** Runs a command on the views of this project, as a process: exit code 0 when all is well, 1 otherwise. */
export const runCommand = (command: Command): void => {
  const context = { views, env: process.env, print: (line: string) => console.log(line) };
  command(process.argv.slice(2), context).then((isWell) => {
    if (!isWell) process.exitCode = 1;
  }, reportFailure);
};
