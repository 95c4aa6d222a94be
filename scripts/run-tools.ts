import { spawnSync } from 'node:child_process';

/** Runs programs of installed packages one after the other until one fails, and sets the exit code. */
export const runTools = (lines: readonly string[]): void => {
  for (const line of lines) {
    const { status } = spawnSync(line, { stdio: 'inherit', shell: true });
    if (status === 0) continue;
    process.exitCode = status ?? 1;
    return;
  }
};
