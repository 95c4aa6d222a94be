import { sleepUnlessAborted } from '../../packages/runtime/sleep.ts';
import type { Member } from './member.ts';
import { type Readiness, readReadiness, readViewState, type ViewState } from './readiness.ts';

const pollEveryMs = 500;
const pollEveryMsWhenReady = 2_000;
const defaultPatienceMs = 60_000;

type Watch = {
  readonly crm: Pick<Member, 'id' | 'url'>;
  readonly iotPlatform: Pick<Member, 'id' | 'url'>;
  readonly print: (text: string) => void;
  readonly texts: {
    /** Printed when both services are ready for the first time. */
    readonly walkThrough: string;
    /** Printed when the view misses events. */
    readonly remedies: (view: ViewState) => string;
  };
  readonly signal: AbortSignal;
  /** The failed checks are printed once the lab is not ready for so long (default: 60 s). */
  readonly patienceMs?: number;
};

/**
 * Prints when the lab is ready, when its view misses events, with the remedies, and when the view has them again. It stops no
 * process, because a command in another terminal can make the lab ready.
 */
export const watchReadiness = async (watch: Watch): Promise<void> => {
  const { crm, iotPlatform, print, texts, signal, patienceMs = defaultPatienceMs } = watch;
  const waitingSince = performance.now();
  let wasReady = false;
  let hasPrintedRemedies = false;
  let hasPrintedProblems = false;
  for (; !signal.aborted; await sleepUnlessAborted(wasReady ? pollEveryMsWhenReady : pollEveryMs, signal)) {
    const [crmReadiness, iotReadiness] = await Promise.all([readReadiness(crm.url), readReadiness(iotPlatform.url)]);
    if (signal.aborted) return;
    if (hasPrintedRemedies && iotReadiness.isReady) {
      hasPrintedRemedies = false;
      print('The IoT platform is ready: its view has every event.');
    }
    if (!wasReady && crmReadiness.isReady && iotReadiness.isReady) {
      wasReady = true;
      print(texts.walkThrough);
    }
    if (!hasPrintedRemedies && 'view' in iotReadiness.problems) {
      const view = await readViewState(iotPlatform.url);
      if (view && missesEvents(view)) {
        hasPrintedRemedies = true;
        print(texts.remedies(view));
      }
    }
    const isOverdue = !wasReady && performance.now() - waitingSince > patienceMs;
    if (isOverdue && !hasPrintedRemedies && !hasPrintedProblems) {
      hasPrintedProblems = true;
      print(`Not ready yet:\n${formatProblems(crm, crmReadiness)}${formatProblems(iotPlatform, iotReadiness)}`);
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
