import { sleepUnlessAborted } from '../../packages/runtime/sleep.ts';
import type { Member } from './member.ts';
import { type Readiness, readFailedViews, readReadiness, type ViewState } from './readiness.ts';

const pollEveryMs = 500;
const pollEveryMsWhenReady = 2_000;
const defaultPatienceMs = 60_000;

type Watched = Pick<Member, 'id' | 'name' | 'url'>;

type Watch = {
  readonly members: readonly Watched[];
  readonly print: (text: string) => void;
  readonly texts: {
    /** Printed when all services are ready for the first time. */
    readonly walkThrough: string;
    /** Printed when a view misses events. */
    readonly remedies: (member: Watched, view: ViewState) => string;
  };
  readonly signal: AbortSignal;
  /** The failed checks are printed once the lab is not ready for so long (default: 60 s). */
  readonly patienceMs?: number;
};

/**
 * Prints when the lab is ready, when a view misses events, with the remedies, and when a view has them again. It stops no
 * process, because a command in another terminal can make the lab ready.
 */
export const watchReadiness = async (watch: Watch): Promise<void> => {
  const { members, print, texts, signal, patienceMs = defaultPatienceMs } = watch;
  const waitingSince = performance.now();
  /** The members whose remedies are printed, until they are ready again. */
  const remedied = new Set<string>();
  let wasReady = false;
  let hasPrintedProblems = false;
  const watchViews = async (member: Watched, readiness: Readiness) => {
    if (remedied.has(member.id) && readiness.isReady) {
      remedied.delete(member.id);
      print(`The ${member.name} is ready: its view has every event.`);
    }
    if (remedied.has(member.id)) return;
    const [view] = (await readFailedViews(member.url, readiness)).filter(missesEvents);
    if (!view) return;
    remedied.add(member.id);
    print(texts.remedies(member, view));
  };
  for (; !signal.aborted; await sleepUnlessAborted(wasReady ? pollEveryMsWhenReady : pollEveryMs, signal)) {
    const readiness = await Promise.all(members.map(({ url }) => readReadiness(url)));
    if (signal.aborted) return;
    const all = members.map((member, i) => [member, readiness[i] as Readiness] as const);
    for (const [member, own] of all) await watchViews(member, own);
    if (!wasReady && readiness.every(({ isReady }) => isReady)) {
      wasReady = true;
      print(texts.walkThrough);
    }
    const isOverdue = !wasReady && performance.now() - waitingSince > patienceMs;
    if (isOverdue && remedied.size === 0 && !hasPrintedProblems) {
      hasPrintedProblems = true;
      print(`Not ready yet:\n${all.map(([member, own]) => formatProblems(member, own)).join('')}`);
    }
  }
};

/** A view that is being rebuilt has a warning as well, but needs no remedy. */
const missesEvents = ({ state, warning }: ViewState): boolean =>
  warning !== undefined && (state === 'empty' || state === 'incomplete');

/** The failed checks of a member, one per line; empty when it is ready. */
export const formatProblems = ({ id }: Pick<Member, 'id'>, { problems }: Readiness): string =>
  Object.entries(problems)
    .map(([check, problem]) => `  ${id} ${check}: ${problem}\n`)
    .join('');
