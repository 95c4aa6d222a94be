import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../scripts/stack/run-command.ts';
import { dataFolder } from '../../tests/platform-process.ts';
import { addWorktree, removeWorktree } from './worktree.ts';

const repository = dataFolder();
const folder = join(repository, '.data/compared');
const git = (...args: string[]) => runCommand('git', ['-C', repository, ...args]);
const commit = (text: string) =>
  git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '--allow-empty', '-m', text);
const subjectOfWorktree = () => runCommand('git', ['-C', folder, 'show', '-s', '--format=%s']);

beforeAll(async () => {
  await git('init');
  await commit('first');
  await commit('second');
});

describe('the folder of another commit', () => {
  it.each([
    ['of an ended run', async () => undefined],
    ['that was removed by hand', async () => rmSync(join(repository, '.data'), { recursive: true })],
    [
      'whose checkout was killed, so that git has it locked',
      async () => {
        await git('worktree', 'lock', folder);
        rmSync(folder, { recursive: true });
      },
    ],
  ])('replaces one %s', async (_, leave) => {
    await addWorktree(repository, folder, 'HEAD~1');
    await leave();
    await addWorktree(repository, folder, 'HEAD');
    expect(await subjectOfWorktree()).toBe('second');
  });

  it('is unknown to git after its removal, also when the folder is gone', async () => {
    await addWorktree(repository, folder, 'HEAD');
    rmSync(folder, { recursive: true });
    await removeWorktree(repository, folder);
    await addWorktree(repository, folder, 'HEAD');
    await removeWorktree(repository, folder);
    expect(existsSync(folder)).toBe(false);
    expect((await git('worktree', 'list')).split('\n')).toHaveLength(1);
  });
});
