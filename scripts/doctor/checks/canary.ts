import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { canaryGreetingId } from '../../../contracts/events/greeting-posted/canary.ts';
import { type Deployment, type FoundService, isRunning, someRuns, startRemedy } from '../deployment.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';
import { type Answer, probeUrl } from '../probe-url.ts';
import { createCheck } from '../run-checks.ts';
import { commandThatStarts } from './services.ts';

/** How far the canary came: accepted by the CRM, published from its outbox, shown by the view. */
export type CanaryFacts =
  | { readonly stop: 'not-posted'; readonly someRuns: boolean }
  | { readonly stop: 'accepted'; readonly reason: string; readonly url: string }
  | {
      readonly stop: 'published';
      readonly waiting: number | undefined;
      readonly waitedMs: number;
      readonly url: string;
    }
  | { readonly stop: 'view'; readonly reason: string; readonly waitedMs: number }
  | { readonly stop: 'no-view'; readonly reason: string; readonly startCommand: string }
  | { readonly stop: 'hidden'; readonly behindMs: number }
  | { readonly stop: 'none'; readonly acceptedMs: number; readonly latencyMs: number };

/** `stop` is the first stop that the canary did not pass. */
export const assessCanary = (facts: CanaryFacts): readonly Finding[] => {
  switch (facts.stop) {
    case 'not-posted':
      return [skipped('no canary was posted, because no CRM answers', facts.someRuns ? startRemedy : undefined)];
    case 'accepted':
      return [problem(`the canary was not accepted by the CRM: ${facts.reason}`, `curl ${facts.url}/readyz`)];
    case 'published': {
      const waiting =
        facts.waiting === undefined
          ? 'its outbox is unknown'
          : `${facts.waiting} event${facts.waiting === 1 ? ' waits' : 's wait'} in its outbox`;
      return [
        problem(
          `the canary was accepted, but not published within ${facts.waitedMs} ms: ${waiting}`,
          `curl ${facts.url}/readyz`,
        ),
      ];
    }
    case 'view':
      return [
        problem(
          `the canary was accepted and published, but not shown by the customer-view within ${facts.waitedMs} ms: ${facts.reason}`,
          'npm run status -- --view greetings',
        ),
      ];
    case 'no-view':
      return [
        problem(
          `the canary was accepted and published, but it cannot be seen, because the customer-view does not answer: ${facts.reason}`,
          facts.startCommand,
        ),
      ];
    case 'hidden':
      return [
        warning(
          `the canary cannot be seen, because the view has a canary that is ${Math.round(facts.behindMs / 1_000)} s newer: the clock of the CRM has gone back`,
          'timedatectl set-ntp true',
        ),
      ];
    case 'none':
      return [
        ok(
          `a greeting was accepted in ${facts.acceptedMs} ms and shown by the customer-view after ${facts.latencyMs} ms`,
        ),
      ];
  }
};

const requestTimeoutMs = 1_500;
/** From the start of the check, whose limit is 5 s: at the end it reads the view once more, and then the outbox. */
const patienceMs = 3_500;
const lastRequestMs = 200;
const pollMs = 10;

const sendCanary = async (deployment: Deployment): Promise<CanaryFacts> => {
  const find = (id: string) => deployment.services.find((service) => service.id === id) as FoundService;
  const [crm, view] = [find('crm'), find('customer-view')];
  if (!isRunning(crm)) return { stop: 'not-posted', someRuns: someRuns(deployment) };
  const endsAt = performance.now() + patienceMs;
  const readView = () => {
    // Whole tenths of a second, because a message may show them.
    const leftMs = Math.max(lastRequestMs, 100 * Math.ceil((endsAt - performance.now()) / 100));
    return readCanary(view.url, Math.min(leftMs, requestTimeoutMs));
  };
  const before = isRunning(view) ? (await readView()).canary : undefined;
  const message = `Canary of npm run doctor ${randomUUID()}`;
  const startedAt = performance.now();
  const elapsed = () => Math.max(1, Math.round(performance.now() - startedAt));
  const body = { message, isCanary: true };
  const posted = await probeUrl(`${crm.url}/greetings`, { timeoutMs: requestTimeoutMs, body });
  if (posted.kind !== 'answered' || posted.status !== 201)
    return { stop: 'accepted', reason: describeAnswer(posted), url: crm.url };
  const acceptedMs = elapsed();
  const postedAt = String(posted.body.postedAt);
  if (before && before.postedAt > postedAt)
    return { stop: 'hidden', behindMs: Date.parse(before.postedAt) - Date.parse(postedAt) };
  for (;;) {
    const outcome = isRunning(view) ? await readView() : { canary: undefined, reason: '' };
    // A second doctor may have posted a newer canary meanwhile, which replaces ours.
    if (outcome.canary && (outcome.canary.message === message || outcome.canary.postedAt > postedAt))
      return { stop: 'none', acceptedMs, latencyMs: elapsed() };
    const isLate = performance.now() > endsAt;
    const isHopeless = !isRunning(view) && (await readOutbox(crm.url))?.waiting === 0;
    if (isLate || isHopeless) {
      const passed = await findStop(crm, { reason: outcome.reason, waitedMs: elapsed(), postedAt });
      if (passed.stop !== 'view' || isRunning(view)) return passed;
      const reason = describeAnswer(view.health);
      return { stop: 'no-view', reason, startCommand: commandThatStarts(view.id, deployment) };
    }
    await delay(pollMs);
  }
};

const findStop = async (
  { url }: FoundService,
  { reason, waitedMs, postedAt }: { reason: string; waitedMs: number; postedAt: string },
): Promise<CanaryFacts> => {
  const outbox = await readOutbox(url);
  const waits = outbox === undefined || (outbox.since !== null && outbox.since <= postedAt);
  return waits ? { stop: 'published', waiting: outbox?.waiting, waitedMs, url } : { stop: 'view', reason, waitedMs };
};

const readOutbox = async (url: string) => {
  const answer = await probeUrl(`${url}/status`, { timeoutMs: 500 });
  const outbox = answer.kind === 'answered' ? answer.body.outbox : undefined;
  return outbox as { waiting: number; since: string | null } | undefined;
};

type Canary = { readonly greetingId: string; readonly message: string; readonly postedAt: string };

/** The canary that the view shows, and why it shows none. It is among the newest greetings. */
const readCanary = async (url: string, timeoutMs: number): Promise<{ canary: Canary | undefined; reason: string }> => {
  const answer = await probeUrl(`${url}/greetings?limit=100`, { timeoutMs });
  const items = answer.kind === 'answered' && answer.status === 200 ? (answer.body.items as Canary[]) : undefined;
  const canary = items?.find(({ greetingId }) => greetingId === canaryGreetingId);
  return { canary, reason: items ? 'the event has not arrived' : describeAnswer(answer) };
};

const describeAnswer = (answer: Answer): string => {
  if (answer.kind === 'refused') return 'it does not run';
  if (answer.kind === 'silent') return `it does not answer within ${answer.seconds} s`;
  if (answer.kind === 'failed') return answer.reason;
  return String(answer.body.detail ?? `status ${answer.status}`);
};

export const canary = createCheck(
  { name: 'canary', remedy: 'npm run doctor -- --no-canary' },
  sendCanary,
  assessCanary,
);
