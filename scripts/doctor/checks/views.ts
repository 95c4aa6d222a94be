import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '../../status/show-status.ts';
import { type Deployment, isRunning } from '../deployment.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';
import { probeUrl } from '../probe-url.ts';
import { createCheck } from '../run-checks.ts';

export type ViewFacts = {
  readonly name: string;
  readonly service: string;
  readonly url: string;
  readonly pid: number | undefined;
  /** Undefined if /status does not answer. */
  readonly status: Status | undefined;
  /** Read a second later where the view lags. */
  readonly later: Status | undefined;
};

/** State, lag and dead letters of each view. */
export const assessViews = (views: readonly ViewFacts[]): readonly Finding[] =>
  views.length === 0 ? [skipped('no service with views answers')] : views.flatMap(assessView);

const assessView = (facts: ViewFacts): readonly Finding[] => {
  const { name, url, status } = facts;
  if (!status) return [problem(`the view ${name}: /status does not answer`, `curl '${url}/status?view=${name}'`)];
  const { view, store, lag } = status;
  const option = ` -- --view ${name}`;
  if (!('generation' in view))
    return [problem(`the view ${name} is unknown: ${view.reason}`, `npm run status${option}`)];
  const findings = [
    ...(view.rebuild
      ? [warning(`the view ${name} is being rebuilt (${view.rebuild.phase})`, `npm run status${option}`)]
      : []),
    ...(view.warning && !view.rebuild
      ? [problem(`the view ${name} is ${view.state}: ${view.warning}`, `npm run rebuild${option}`)]
      : []),
    ...(view.deadLetters
      ? [
          problem(
            `the view ${name} refuses ${count(view.deadLetters, 'document')}, because of dead letters`,
            `npm run dead-letters -- list --view ${name}`,
          ),
        ]
      : []),
    ...describeLag(facts),
  ];
  if (findings.length > 0) return findings;
  // Redis Streams has no offsets, and Kafka reports none while it is unavailable.
  if (lag === undefined)
    return [skipped(`the view ${name} cannot be compared with its log, because the broker reports no offsets`)];
  const state = `${view.state}, generation ${view.generation.number} in ${view.generation.store ?? store}`;
  return [ok(`the view ${name} is ${state}, without lag`)];
};

const describeLag = ({ name, service, status, later, pid }: ViewFacts): readonly Finding[] => {
  const { lag } = status ?? {};
  if (!lag) return [];
  const remaining = later?.lag ?? lag;
  if (remaining === 0) return [];
  const hasMoved = later !== undefined && appliedOf(later) > appliedOf(status as Status);
  const behind = `the view ${name} lags by ${count(remaining, 'offset')}`;
  if (hasMoved) return [warning(`${behind}, and is catching up`, `npm run status -- --view ${name}`)];
  return [
    problem(
      `${behind}, and has applied nothing for a second: the ${service} does not consume`,
      `npm run status -- --view ${name}${pid === undefined ? '' : `; restart process ${pid}`}`,
    ),
  ];
};

const appliedOf = ({ view }: Status): number =>
  'generation' in view ? Object.values(view.partitions).reduce((sum, { applied }) => sum + applied, 0) : 0;

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;

const laterAfterMs = 1_000;

const readViews = async ({ services }: Deployment): Promise<readonly ViewFacts[]> => {
  const read = services.filter(isRunning).flatMap(({ address, url, record, statuses }) =>
    statuses.flatMap(({ view, answer }) => {
      if (view === undefined) return [];
      const status = answer.kind === 'answered' && answer.status === 200 ? (answer.body as Status) : undefined;
      return [{ name: view, service: address.name, url, pid: record?.pid, status, later: undefined }];
    }),
  );
  return Promise.all(
    read.map(async (facts) => {
      if (!facts.status?.lag) return facts;
      await delay(laterAfterMs);
      const answer = await probeUrl(`${facts.url}/status?view=${facts.name}`, { timeoutMs: 2_000 });
      const later = answer.kind === 'answered' && answer.status === 200 ? (answer.body as Status) : undefined;
      return { ...facts, later };
    }),
  );
};

export const views = createCheck({ name: 'views', remedy: 'npm run status' }, readViews, assessViews);
