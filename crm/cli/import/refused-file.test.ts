import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { dataFolder } from '../../../tests/platform-process.ts';
import { writeRefusedFile } from './refused-file.ts';

it('writes refused rows to a new file for its owner only, and keeps an existing file', async () => {
  const folder = dataFolder();
  const wanted = join(folder, 'new', 'a.csv.refused.csv');
  expect(await writeRefusedFile(wanted, Readable.from(['one']))).toBe(wanted);
  writeFileSync(wanted, 'corrected', { mode: 0o644 });
  expect(await writeRefusedFile(wanted, Readable.from(['two']))).toBe(join(folder, 'new', 'a.csv.refused.2.csv'));
  const third = await writeRefusedFile(wanted, Readable.from(['three']));
  expect(third).toBe(join(folder, 'new', 'a.csv.refused.3.csv'));
  expect(readFileSync(wanted, 'utf8')).toBe('corrected');
  expect(readFileSync(third, 'utf8')).toBe('three');
  expect(statSync(third).mode & 0o777).toBe(0o600);
});
