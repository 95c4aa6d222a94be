import { join } from 'node:path';
import { runCommand } from '../../scripts/stack/run-command.ts';
import { root } from '../../tests/platform-process.ts';
import { addWorktree, removeWorktree } from './worktree.ts';

/** A version of this project. `id` begins the ids of its results, `title` names it in them. */
export type Checkout = { readonly id: 'ours' | 'compared'; readonly title: string; readonly folder: string };

export const thisCheckout: Checkout = { id: 'ours', title: 'this project', folder: root };

const folder = join(root, '.data/bench-compared');

/** The short id and the day of a commit. @throws Error when this repository does not have the commit */
export const describeCommit = async (commit: string): Promise<{ id: string; day: string }> => {
  const args = ['show', '-s', '--format=%h %cs', '--end-of-options', `${commit}^{commit}`, '--'];
  const described = await runCommand('git', ['-C', root, ...args]).catch(() => {
    throw new Error(`--compare ${commit}: this repository has no such commit.`);
  });
  const [id = '', day = ''] = described.split(' ');
  return { id, day };
};

/** Checks the commit out into a folder of its own and installs its packages. An earlier folder is replaced. */
export const addComparedCheckout = async (commit: string, report: (text: string) => void): Promise<Checkout> => {
  const { id } = await describeCommit(commit);
  report(`checking out ${id}`);
  await addWorktree(root, folder, id);
  report(`installing the packages of ${id}`);
  await runCommand('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  return { id: 'compared', title: `commit ${id}`, folder };
};

export const removeComparedCheckout = (): Promise<void> => removeWorktree(root, folder);
