import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';

/** Sends SIGSTOP and waits until every thread has stopped: until then the process may still answer. */
export const pauseProcess = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGSTOP');
  const threads = `/proc/${pid}/task`;
  const readState = (thread: string) => /\) (\w) /.exec(readFileSync(`${threads}/${thread}/stat`, 'utf8'))?.[1];
  await eventually(() => expect([...new Set(readdirSync(threads).map(readState))]).toEqual(['T']));
};
