import { fork } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export type Copier = {
  readonly source: string;
  begin(): void;
  /** Whether the copy shows what was committed when it began, whatever is written from now on. */
  hasBegun(): boolean;
  bytes(): number;
  /** @throws Error that says why there is no copy */
  readonly done: Promise<void>;
  close(): void;
};

/** Starts a process that can copy a database; resolves when it has it open. @param target an empty file */
export const startCopier = async (source: string, target: string): Promise<Copier> => {
  const script = new URL('./copy-database.ts', import.meta.url);
  const child = fork(script, [source, target], { execArgv: ['--import', 'tsx'] });
  const bytes = () => statSync(target, { throwIfNoEntry: false })?.size ?? 0;
  let isDone = false;
  // A message that was sent before the end may arrive after it.
  const ended = once(child, 'exit').then(() => delay(100, { error: 'its process ended' }));
  const expectMessage = async (expected: 'ready' | 'done') => {
    const [message] = await Promise.race([once(child, 'message'), ended.then((end) => [end])]);
    if (message !== expected) throw new Error(`${source} is not copied: ${message.error}`);
  };
  await expectMessage('ready');
  const done = expectMessage('done').finally(() => {
    isDone = true;
  });
  // It is awaited later.
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
