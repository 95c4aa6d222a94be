import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { backoff } from '../../packages/runtime/retry.ts';
import { createSidecarArguments } from '../sidecar-arguments.ts';
import type { MemberId, MemberPlan, Overrides } from './settings.ts';
import { isExpectedMessage } from './sidecar-log.ts';

/** A service closes within 15 s, a sidecar shuts down within 5 s. */
const defaultStopTimeoutMs = 20_000;
const sidecarRestartDelayMs = backoff({ firstMs: 1_000, maxMs: 30_000 });
/** A sidecar that ends sooner counts as a failed start, and the delay before the next start doubles. */
const sidecarStartupMs = 10_000;

/** A service and its sidecar, which are started and stopped together. */
export type Member = {
  readonly id: MemberId;
  readonly name: string;
  readonly url: string;
  /** Process ids; undefined for a process that does not run. */
  pids(): { service: number | undefined; sidecar: number | undefined };
  isStopped(): boolean;
  /** The environment of the last start of the service. */
  environment(): Readonly<Record<string, string>>;
  /** The overrides of all starts so far; they apply to later starts as well. */
  overrides(): Overrides;
  start(overrides: Overrides): void;
  /** Resolves when both processes have ended, so the sidecar has left its consumer group. @returns whether one was killed */
  stop(): Promise<boolean>;
};

/** The tokens by which a service and its sidecar authenticate to each other, and that of the operator, as environment variables. */
type LabTokens = { readonly APP_API_TOKEN: string; readonly DAPR_API_TOKEN: string; readonly OPERATOR_TOKEN: string };

type MemberContext = {
  readonly daprd: string;
  readonly resources: string;
  readonly tokens: LabTokens;
  /** Where the sidecar reports spans; a service reads that from its environment. */
  readonly tracing?: Readonly<Record<string, string>>;
  /** Called when the service ends without a call of `stop`. */
  readonly onServiceEnd: () => void;
  /** Prints the expected messages of the sidecar as well (default: false). */
  readonly showsAllLogs?: boolean;
  /** A process that still runs so long after SIGTERM is killed (default: 20 s). */
  readonly stopTimeoutMs?: number;
};

/** Creates a stopped member. While it is started, its sidecar is restarted whenever it ends. */
export const createMember = (plan: MemberPlan, context: MemberContext): Member => {
  const {
    daprd,
    resources,
    tokens,
    tracing,
    onServiceEnd,
    showsAllLogs = false,
    stopTimeoutMs = defaultStopTimeoutMs,
  } = context;
  const { id, name, url, appPort, ports } = plan;
  const [program, ...args] = plan.command;
  let service: ChildProcess | undefined;
  let sidecar: ChildProcess | undefined;
  let stopping = new AbortController();
  stopping.abort();
  let ended: Promise<unknown> = Promise.resolve();
  let environment: Readonly<Record<string, string>> = {};
  let overrides: Overrides = {};

  const superviseSidecar = async ({ signal }: AbortController) => {
    for (let failures = 0; !signal.aborted; ) {
      const startedAt = performance.now();
      sidecar = run(daprd, createSidecarArguments(id, appPort, ports, resources), { ...tokens, ...tracing }, 'pipe');
      forwardLog(sidecar, showsAllLogs);
      const outcome = await waitForEnd(sidecar);
      sidecar = undefined;
      if (signal.aborted) return;
      failures = performance.now() - startedAt > sidecarStartupMs ? 0 : failures + 1;
      const delayMs = sidecarRestartDelayMs(Math.max(1, failures));
      console.error(`The sidecar of ${id} ended with ${outcome}. The lab restarts it in ${delayMs / 1_000} s.`);
      await delay(delayMs, undefined, { signal }).catch(() => {});
    }
  };
  const superviseService = async ({ signal }: AbortController) => {
    service = run(program, args, { ...tokens, ...environment }, 'inherit');
    const outcome = await waitForEnd(service);
    service = undefined;
    if (signal.aborted) return;
    console.error(`${id} ended with ${outcome}, so the lab ends.`);
    onServiceEnd();
  };

  return {
    id,
    name,
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
      ended = Promise.all([superviseService(stopping), superviseSidecar(stopping)]);
    },
    stop: async () => {
      stopping.abort();
      const processes = [service, sidecar];
      // The sidecar stops after the service, which publishes what waits and would otherwise log that its sidecar is unavailable.
      if (service?.kill('SIGTERM')) service.once('exit', () => sidecar?.kill('SIGTERM'));
      else sidecar?.kill('SIGTERM');
      const timer = new AbortController();
      const hasEnded = ended.then(() => true);
      const isInTime = await Promise.race([hasEnded, delay(stopTimeoutMs, false, { signal: timer.signal })]);
      timer.abort();
      if (!isInTime) for (const child of processes) child?.kill('SIGKILL');
      await ended;
      return !isInTime;
    },
  };
};

/** The child gets a process group of its own, so that Ctrl-C reaches only the lab, which then stops each process once. */
const run = (program: string, args: string[], env: Record<string, string>, output: 'inherit' | 'pipe'): ChildProcess =>
  spawn(program, args, { detached: true, stdio: ['ignore', output, 'inherit'], env: { ...process.env, ...env } });

/** @returns the exit code, the signal, or the reason why the process could not be started */
const waitForEnd = (child: ChildProcess): Promise<string> =>
  once(child, 'exit').then(
    ([code, signal]) => String(signal ?? code),
    (error: Error) => error.message,
  );

const forwardLog = ({ stdout }: ChildProcess, showsAll: boolean): void => {
  if (!stdout) return;
  createInterface({ input: stdout }).on('line', (line) => {
    if (showsAll || !isExpectedMessage(line)) console.log(line);
  });
};
