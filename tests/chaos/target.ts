import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';
import { findOwnedProcess } from '../../scripts/stack/owned-process.ts';
import { partFolder } from '../../scripts/stack/settings.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import type { Started } from '../platform-process.ts';
import { ports } from '../stack/ports.ts';
import { startPart } from '../stack/stack.ts';

/** Something that can be killed, paused and started again: a service, a sidecar, a server of the stack. */
export type Unit = {
  readonly name: string;
  start(): Promise<void>;
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Stands still, with all its connections, until it is resumed. */
  pause(): void;
  resume(): void;
};

type ProcessUnitOptions = {
  name: string;
  run: () => Promise<Started> | Started;
  /** Told when it ends and nobody ended it. */
  endedItself: (what: string) => void;
  /** Whether somebody is expected to start it again when it ends by itself: a sidecar that finds no broker does. */
  restarts: boolean;
};

const restartAfterMs = 300;

export const processUnit = ({ name, run, endedItself, restarts }: ProcessUnitOptions): Unit => {
  let wanted = false;
  let current: Started | undefined;

  const start = async () => {
    wanted = true;
    const started = await run();
    current = started;
    if (!wanted) await started.end('SIGKILL'); // ended while it was being started
    void started.ended.then(async (code) => {
      if (!wanted || current !== started) return;
      if (!restarts) return endedItself(`${name} ended with ${code} and said:\n${started.output().slice(-2_000)}`);
      await delay(restartAfterMs);
      if (wanted && current === started) await start();
    });
  };
  return {
    name,
    start,
    end: async (signal) => {
      wanted = false;
      await current?.end(signal);
    },
    pause: () => signal(current?.pid, 'SIGSTOP'),
    resume: () => signal(current?.pid, 'SIGCONT'),
  };
};

/** A server of the stack. Its data outlives it. */
export const partUnit = (name: 'kafka' | 'redis' | 'mysql'): Unit => {
  const pid = () => findOwnedProcess(partFolder(name))?.pid;
  return {
    name,
    start: async () => {
      await startPart(name);
      if (name === 'redis') await writeBeforeAnswering();
    },
    end: async (how) => {
      signal(pid(), how);
      if (!(await waitUntil(10, () => pid() === undefined))) throw new Error(`${name} does not end`);
    },
    pause: () => signal(pid(), 'SIGSTOP'),
    resume: () => signal(pid(), 'SIGCONT'),
  };
};

/** As it comes Redis may lose what it answered in its last second: that is an incident of its own, with a test of its own. */
const writeBeforeAnswering = async () => {
  const client = await createClient({ url: `redis://127.0.0.1:${ports.redis}` }).connect();
  await client.configSet('appendfsync', 'always');
  client.destroy();
};

const signal = (pid: number | undefined, name: NodeJS.Signals) => {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
