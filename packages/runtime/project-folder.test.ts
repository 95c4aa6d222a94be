import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveTypedPath } from './project-folder.ts';

const project = join(import.meta.dirname, '../..');
const elsewhere = join(project, 'data');

describe('a path that a user types', () => {
  it('is relative to the folder of the user, where npm starts the command in the folder of the project', () => {
    expect(resolveTypedPath('a.csv', { INIT_CWD: elsewhere }, project)).toBe(join(elsewhere, 'a.csv'));
    expect(resolveTypedPath('../a.csv', { INIT_CWD: elsewhere }, project)).toBe(join(project, 'a.csv'));
  });

  it('is relative to the working folder without npm, also where npm started the shell', () => {
    expect(resolveTypedPath('a.csv', {}, elsewhere)).toBe(join(elsewhere, 'a.csv'));
    expect(resolveTypedPath('a.csv', { INIT_CWD: project }, elsewhere)).toBe(join(elsewhere, 'a.csv'));
  });

  it('stays as it is typed where it means the same in the folder of the project', () => {
    expect(resolveTypedPath('data/a.csv', { INIT_CWD: project }, project)).toBe('data/a.csv');
    expect(resolveTypedPath('data/a.csv', {}, project)).toBe('data/a.csv');
    expect(resolveTypedPath('/a.csv', { INIT_CWD: elsewhere }, project)).toBe('/a.csv');
  });
});
