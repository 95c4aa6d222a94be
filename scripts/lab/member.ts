import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { backoff } from '../../packages/runtime/retry.ts';
import { sidecarArguments } from '../sidecar-arguments.ts';
import type { MemberId, MemberPlan, Overrides } from './settings.ts';
import { isExpectedRefusal } from './sidecar-log.ts';

/** Longer than a service takes to close (15 s at most) and a sidecar to shut down (5 s). */
const usuallyStopsWithinMs = 20_000;
const sidecarAgainAfterMs = backoff({ firstMs: 1_000, mostMs: 30_000 });
/** One that ends sooner than this did not start: the pauses between the attempts double. */
const sidecarRunsForMs = 10_000;

/** A service and its sidecar, which are started and stopped together. */
export type Member = {
  readonly id: MemberId;
  readonly url: string;
  /** Process ids; undefined where there is no process now. */
  pids(): { service: number | undefined; sidecar: number | undefined };
  isStopped(): boolean;
  /** What the service was started with last. */
  environment(): Readonly<Record<string, string>>;
  /** What starts have changed so far: each also holds for later starts. */
  overrides(): Overrides;
  start(overrides: Overrides): void;
  /** Resolves when both processes have ended, so the sidecar has left its consumer group; true when one had to be killed. */
  stop(): Promise<boolean>;
};

/** What a service and its sidecar prove themselves with to each other, as the environment of both. */
export type LabTokens = { readonly APP_API_TOKEN: string; readonly DAPR_API_TOKEN: string };

type MemberContext = {
  readonly daprd: string;
  readonly resources: string;
  readonly tokens: LabTokens;
  /** Where the sidecar reports spans; a service reads that from its environment. */
  readonly tracing?: Readonly<Record<string, string>>;
  /** The service ended, although it was not stopped. */
  readonly onServiceEnd: () => void;
  /** What has not ended after SIGTERM by then is killed. */
  readonly stopsWithinMs?: number;
};

/** A member at rest. Its sidecar is started again when it ends by itself. */
export const createMember = (plan: MemberPlan, context: MemberContext): Member => {
  const { daprd, resources, tokens, tracing, onServiceEnd, stopsWithinMs = usuallyStopsWithinMs } = context;
  const { id, url, main, appPort, ports } = plan;
  let service: ChildProcess | undefined;
  let sidecar: ChildProcess | undefined;
  let stopping = new AbortController();
  stopping.abort();
  let ended: Promise<unknown> = Promise.resolve();
  let environment: Readonly<Record<string, string>> = {};
  let overrides: Overrides = {};

  const keepSidecar = async ({ signal }: AbortController) => {
    for (let failures = 0; !signal.aborted; ) {
      const startedAt = performance.now();
      sidecar = run(daprd, sidecarArguments(id, appPort, ports, resources), { ...tokens, ...tracing }, 'pipe');
      forwardLog(sidecar);
      const how = await endOf(sidecar);
      sidecar = undefined;
      if (signal.aborted) return;
      failures = performance.now() - startedAt > sidecarRunsForMs ? 0 : failures + 1;
      const again = sidecarAgainAfterMs(Math.max(1, failures));
      console.error(`the sidecar of ${id} ended with ${how}; it is started again in ${again / 1_000} s`);
      await delay(again, undefined, { signal }).catch(() => {});
    }
  };
  const keepService = async ({ signal }: AbortController) => {
    service = run(process.execPath, ['--import', 'tsx', main], { ...tokens, ...environment }, 'inherit');
    const how = await endOf(service);
    service = undefined;
    if (signal.aborted) return;
    console.error(`${id} ended with ${how}`);
    onServiceEnd();
  };

  return {
    id,
    url,
    pids: () => ({ service: service?.pid, sidecar: sidecar?.pid }),
    isStopped: () => stopping.signal.aborted,
    environment: () => environment,
    overrides: () => overrides,
    start: (chosen) => {
      const all = { ...overrides, ...chosen };
      environment = plan.environment(all);
      overrides = all;
      stopping = new AbortController();
      ended = Promise.all([keepService(stopping), keepSidecar(stopping)]);
    },
    stop: async () => {
      stopping.abort();
      const processes = [service, sidecar];
      for (const child of processes) child?.kill('SIGTERM');
      const late = new AbortController();
      const hasEnded = ended.then(() => true);
      const inTime = await Promise.race([hasEnded, delay(stopsWithinMs, false, { signal: late.signal })]);
      late.abort();
      if (!inTime) for (const child of processes) child?.kill('SIGKILL');
      await ended;
      return !inTime;
    },
  };
};

/** In a process group of its own: Ctrl-C reaches the lab alone, which stops each process once. */
const run = (program: string, args: string[], env: Record<string, string>, output: 'inherit' | 'pipe'): ChildProcess =>
  spawn(program, args, { detached: true, stdio: ['ignore', output, 'inherit'], env: { ...process.env, ...env } });

/** @returns the exit code, the signal, or why it could not be started */
const endOf = (child: ChildProcess): Promise<string> =>
  once(child, 'exit').then(
    ([code, signal]) => String(signal ?? code),
    (error: Error) => error.message,
  );

const forwardLog = ({ stdout }: ChildProcess): void => {
  if (!stdout) return;
  createInterface({ input: stdout }).on('line', (line) => {
    if (!isExpectedRefusal(line)) console.log(line);
  });
};
