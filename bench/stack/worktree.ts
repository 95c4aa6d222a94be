import { rmSync } from 'node:fs';
import { runCommand } from '../../scripts/stack/run-command.ts';

/**
 * Checks a commit of a repository out into a folder, which it replaces. Git may still have the folder registered, and locked, because a
 * run was killed or the folder was removed by hand: only `--force`, given twice, replaces both.
 */
export const addWorktree = async (repository: string, folder: string, commit: string): Promise<void> => {
  await removeWorktree(repository, folder);
  await runCommand('git', ['-C', repository, 'worktree', 'add', '--force', '--force', '--detach', folder, commit]);
};

/** Removes the folder, if there is one, and its registration in git. */
export const removeWorktree = async (repository: string, folder: string): Promise<void> => {
  rmSync(folder, { recursive: true, force: true });
  await runCommand('git', ['-C', repository, 'worktree', 'prune']);
};
