import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';

it.each(['scripts/stack.ts', 'scripts/status.ts'])('%s names a wrong port of the stack in one line', async (script) => {
  const env = { ...process.env, KAFKA_PORT: 'abc' };
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', script, 'status'], { env }, (_, __, stderr) => resolve(stderr));
  });
  expect(output).toMatch(/^KAFKA_PORT[^\n]*abc[^\n]*\n$/);
});
