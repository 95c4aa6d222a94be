import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';
import { findOwnedProcess } from '../../scripts/stack/owned-process.ts';
import { partFolder } from '../../scripts/stack/settings.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import type { RunningProcess } from '../platform-process.ts';
import { ports } from '../stack/ports.ts';
import { startPart } from '../stack/stack.ts';

/** A process that the test kills, pauses and starts again: a service, a sidecar, a server of the stack. */
export type Target = {
  readonly name: string;
  start(): Promise<void>;
  stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Suspends the process, with all its connections, until `resume`. */
  pause(): void;
  resume(): void;
};

/** A target that the test has started itself, with all that it has printed. */
export type ProcessTarget = Target & { output(): string };

type ProcessOptions = {
  name: string;
  run: () => Promise<RunningProcess> | RunningProcess;
  /** Called when the process ends without a call of `stop` and is not restarted. */
  onUnexpectedEnd: (what: string) => void;
  /** Restarts the process when it ends by itself, as a sidecar does that finds no broker. */
  restarts: boolean;
};

const restartAfterMs = 300;

export const createProcessTarget = ({ name, run, onUnexpectedEnd, restarts }: ProcessOptions): ProcessTarget => {
  let wanted = false;
  const all: RunningProcess[] = [];
  let current: RunningProcess | undefined;

  const start = async () => {
    wanted = true;
    const started = await run();
    current = started;
    all.push(started);
    if (!wanted) await started.end('SIGKILL'); // stopped while it was starting
    void started.ended.then(async (code) => {
      if (!wanted || current !== started) return;
      if (!restarts)
        return onUnexpectedEnd(`${name} ended with ${code}. Its output:\n${started.output().slice(-2_000)}`);
      await delay(restartAfterMs);
      if (wanted && current === started) await start();
    });
  };
  return {
    name,
    start,
    stop: async (signal) => {
      wanted = false;
      await current?.end(signal);
    },
    pause: () => sendSignal(current?.pid, 'SIGSTOP'),
    resume: () => sendSignal(current?.pid, 'SIGCONT'),
    output: () => all.map((one) => one.output()).join('\n'),
  };
};

/** Creates the target for a server of the stack, which keeps its data. */
export const createServerTarget = (name: 'kafka' | 'redis' | 'mysql'): Target => {
  const pid = () => findOwnedProcess(partFolder(name))?.pid;
  return {
    name,
    start: async () => {
      await startPart(name);
      if (name === 'redis') await syncEveryWrite();
    },
    stop: async (signal) => {
      sendSignal(pid(), signal);
      if (!(await waitUntil(10, () => pid() === undefined))) throw new Error(`${name} does not end`);
    },
    pause: () => sendSignal(pid(), 'SIGSTOP'),
    resume: () => sendSignal(pid(), 'SIGCONT'),
  };
};

/** By default Redis may lose its last second of writes; tests/incidents.e2e.test.ts tests that case. */
const syncEveryWrite = async () => {
  const client = await createClient({ url: `redis://127.0.0.1:${ports.redis}` }).connect();
  await client.configSet('appendfsync', 'always');
  client.destroy();
};

const sendSignal = (pid: number | undefined, name: NodeJS.Signals) => {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
