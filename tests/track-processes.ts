import { afterEach } from 'vitest';
import type { RunningProcess } from './platform-process.ts';

/** Kills the processes of the returned list after each test of the file, and empties the list. */
export const trackProcesses = (): RunningProcess[] => {
  const started: RunningProcess[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((process) => process.end('SIGKILL')));
  });
  return started;
};
