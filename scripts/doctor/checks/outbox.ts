import { type Deployment, isRunning } from '../deployment.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';
import { createCheck } from '../run-checks.ts';

type OutboxFacts = {
  readonly outbox: { readonly waiting: number; readonly since: string | null } | undefined;
  readonly url: string;
  /** Our clock, in ms since 1970. */
  readonly now: number;
};

/** As the readiness of the CRM: an outbox makes no progress after this time. */
const stalledAfterMs = 10_000;

export const assessOutbox = (facts: OutboxFacts | undefined): readonly Finding[] => {
  if (!facts?.outbox) return [skipped('the CRM does not say what waits in its outbox')];
  const { waiting, since } = facts.outbox;
  if (waiting === 0) return [ok('no event waits in the outbox')];
  const message = `${waiting} event${waiting === 1 ? ' waits' : 's wait'} in the outbox of the CRM, the oldest since ${since}`;
  const isStalled = since !== null && facts.now - Date.parse(since) > stalledAfterMs;
  return [isStalled ? problem(message, `curl ${facts.url}/readyz`) : warning(message, `curl ${facts.url}/status`)];
};

const readOutbox = ({ services }: Deployment): OutboxFacts | undefined => {
  const crm = services.find((service) => service.id === 'crm' && isRunning(service));
  const answer = crm?.statuses[0]?.answer;
  if (!crm || answer?.kind !== 'answered') return undefined;
  return { outbox: answer.body.outbox as OutboxFacts['outbox'], url: crm.url, now: Date.now() };
};

export const outbox = createCheck({ name: 'outbox', remedy: 'npm run doctor' }, readOutbox, assessOutbox);
