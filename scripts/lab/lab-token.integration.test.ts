import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dataFolder } from '../../tests/platform-process.ts';
import { readLabToken, removeLabToken, writeLabToken } from './lab-token.ts';

const modeOf = (file: string) => statSync(file).mode & 0o777;

it('is readable by its owner only, also where a world-readable file existed', () => {
  const file = join(dataFolder(), 'new', 'lab.token');
  writeLabToken(file, 'first');
  expect([modeOf(file), readLabToken(file)]).toEqual([0o600, 'first']);
  chmodSync(file, 0o644);
  writeLabToken(file, 'second');
  expect([modeOf(file), readLabToken(file)]).toEqual([0o600, 'second']);
});

it('is not written through a symbolic link', () => {
  const [file, other] = [join(dataFolder(), 'lab.token'), join(dataFolder(), 'other')];
  writeFileSync(other, 'untouched');
  symlinkSync(other, file);
  writeLabToken(file, 'secret');
  expect([readFileSync(other, 'utf8'), readLabToken(file)]).toEqual(['untouched', 'secret']);
});

it('can be removed twice', () => {
  const file = join(dataFolder(), 'lab.token');
  writeLabToken(file, 'secret');
  removeLabToken(file);
  removeLabToken(file);
  expect([existsSync(file), readLabToken(file)]).toEqual([false, undefined]);
});
