import { fork } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export type Copier = {
  readonly source: string;
  begin(): void;
  /** Whether the copy has its read snapshot, so that later commits are not in it. */
  hasBegun(): boolean;
  /** The size of the copy so far. */
  bytes(): number;
  /** Rejects with the reason when the copy fails. */
  readonly done: Promise<void>;
  close(): void;
};

/** Starts a process that copies a database; resolves when the process has opened it. @param target an empty file */
export const startCopier = async (source: string, target: string): Promise<Copier> => {
  const script = new URL('./copy-database.ts', import.meta.url);
  const child = fork(script, [source, target], { execArgv: ['--import', 'tsx'] });
  const bytes = () => statSync(target, { throwIfNoEntry: false })?.size ?? 0;
  let isDone = false;
  // The last message of a process may arrive after its exit.
  const ended = once(child, 'exit').then(() => delay(100, { error: 'its process ended' }));
  const expectMessage = async (expected: 'ready' | 'done') => {
    const [message] = await Promise.race([once(child, 'message'), ended.then((end) => [end])]);
    if (message !== expected) throw new Error(`${source} is not copied: ${message.error}`);
  };
  await expectMessage('ready');
  const done = expectMessage('done').finally(() => {
    isDone = true;
  });
  // The caller awaits `done` later; until then a rejection must not be reported as unhandled.
  done.catch(() => {});
  return {
    source,
    begin: () => void child.send('begin'),
    hasBegun: () => isDone || bytes() > 0,
    bytes,
    done,
    close: () => void child.kill('SIGKILL'),
  };
};
