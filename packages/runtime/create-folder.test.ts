import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createFolder } from './create-folder.ts';

it('creates a folder with its parents for the owner, and keeps an existing one', () => {
  const root = mkdtempSync(join(tmpdir(), 'folder-'));
  for (let time = 0; time < 2; time++) createFolder(join(root, 'a/b/c'));
  for (const folder of ['a', 'a/b', 'a/b/c']) expect(statSync(join(root, folder)).mode & 0o077).toBe(0);
  createFolder(root);
});

it('fails below a file, and where the file system refuses folders', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'folder-')), 'file');
  writeFileSync(file, '');
  expect(() => createFolder(join(file, 'a'))).toThrow(/ENOTDIR|EEXIST|ENOENT/);
  for (const path of ['/proc/nope', '/proc/nope/a/b']) expect(() => createFolder(path)).toThrow(/ENOENT|EACCES|EPERM/);
});
