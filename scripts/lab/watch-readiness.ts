import { sleepUnlessAborted } from '../../packages/runtime/sleep.ts';
import type { Member } from './member.ts';
import { type Readiness, readReadiness, readViewState, type ViewState } from './readiness.ts';

const lookEveryMs = 500;
const lookEveryMsWhenReady = 2_000;
const usualPatienceMs = 60_000;

type Watch = {
  readonly crm: Pick<Member, 'id' | 'url'>;
  readonly iotPlatform: Pick<Member, 'id' | 'url'>;
  readonly say: (text: string) => void;
  readonly texts: {
    /** When everything is ready for the first time. */
    readonly walkThrough: string;
    /** When the view misses events. */
    readonly remedies: (view: ViewState) => string;
  };
  readonly signal: AbortSignal;
  /** What is wrong is said when nothing else was said for so long. */
  readonly patienceMs?: number;
};

/**
 * Says when the lab is ready, when its view misses events, with what helps, and when it has them again. Does not end what is not
 * ready: the processes run, and a person in another terminal makes it ready.
 */
export const watchReadiness = async (watch: Watch): Promise<void> => {
  const { crm, iotPlatform, say, texts, signal, patienceMs = usualPatienceMs } = watch;
  const waitingSince = performance.now();
  let wasReady = false;
  let isAdvised = false;
  let isExplained = false;
  for (; !signal.aborted; await sleepUnlessAborted(wasReady ? lookEveryMsWhenReady : lookEveryMs, signal)) {
    const [ofCrm, ofIotPlatform] = await Promise.all([readReadiness(crm.url), readReadiness(iotPlatform.url)]);
    if (signal.aborted) return;
    if (isAdvised && ofIotPlatform.isReady) {
      isAdvised = false;
      say('The IoT platform is ready: its view has every event.');
    }
    if (!wasReady && ofCrm.isReady && ofIotPlatform.isReady) {
      wasReady = true;
      say(texts.walkThrough);
    }
    if (!isAdvised && 'view' in ofIotPlatform.problems) {
      const view = await readViewState(iotPlatform.url);
      if (view && missesEvents(view)) {
        isAdvised = true;
        say(texts.remedies(view));
      }
    }
    if (!wasReady && !isAdvised && !isExplained && performance.now() - waitingSince > patienceMs) {
      isExplained = true;
      say(`Not ready yet:\n${problemLines(crm, ofCrm)}${problemLines(iotPlatform, ofIotPlatform)}`);
    }
  }
};

/** A view that is being rebuilt warns as well, and needs no advice. */
const missesEvents = ({ state, warning }: ViewState): boolean =>
  warning !== undefined && (state === 'empty' || state === 'incomplete');

/** What is wrong with a member, a line each; empty when it is ready. */
export const problemLines = ({ id }: Pick<Member, 'id'>, { problems }: Readiness): string =>
  Object.entries(problems)
    .map(([check, problem]) => `  ${id} ${check}: ${problem}\n`)
    .join('');
