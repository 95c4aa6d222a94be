import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ConfigError } from '../../packages/runtime/config-error.ts';
import { readManifest } from './manifest.ts';

it('of a folder that is no backup says what the folder lacks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'manifest-'));
  const path = (name: string) => join(folder, name);
  writeFileSync(path('file'), '');
  mkdirSync(path('folder'));
  for (const [name, reason] of [
    ['nothing', 'there is no such folder.'],
    ['file/below', 'there is no such folder.'],
    ['file', 'it is a file. Give the folder that npm run backup has created.'],
    ['folder', 'it has no manifest.json. Give a folder that npm run backup has created.'],
  ] as const)
    expect(() => readManifest(path(name))).toThrow(new ConfigError(`${path(name)} is no backup: ${reason}`));
});
