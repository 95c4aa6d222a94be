import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';

const start = (...args: string[]) =>
  new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', 'bench/import.ts', ...args], (error, stdout, stderr) =>
      resolve({ code: error?.code, output: `${stdout}${stderr}` }),
    );
  });

it.each([
  [['--compare', 'no-such-commit'], '--compare no-such-commit: this repository has no such commit.'],
  [['--compare='], '--compare needs a commit, such as HEAD~10.'],
])('bench:import %j is refused in one line before the stack starts', async (args, why) => {
  const { code, output } = await start(...args);
  expect(code).toBe(1);
  expect(output.trimEnd().split('\n')).toEqual([expect.stringContaining(why)]);
});
