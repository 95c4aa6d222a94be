import { resolve } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { SerializedError } from 'vitest/node';
import ClosingLine from './closing-line.ts';

it('counts an error outside the tests as a failure, and names the test before it', () => {
  const printed: unknown[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(text) > 0);
  const error = { name: 'TypeError', message: 'fetch failed\nat …' };
  const errors: SerializedError[] = [
    { ...error, VITEST_TEST_PATH: resolve('crm/a.test.ts'), VITEST_TEST_NAME: 'answers' },
    // A rejection without an error.
    { name: undefined, message: undefined } as unknown as SerializedError,
  ];
  try {
    new ClosingLine().onTestRunEnd([], errors);
  } finally {
    write.mockRestore();
  }
  expect(printed).toEqual([
    'failed: crm/a.test.ts > unhandled, last in answers: fetch failed\n',
    'failed: no file > unhandled, last in no test: undefined\n',
    '0 passed, 2 failed, 0 skipped\n',
  ]);
});
