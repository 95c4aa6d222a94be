import { topics } from '../../contracts/topics.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { getJson } from '../http.ts';
import { countRecords, readRecords } from '../stack/fresh.ts';
import { type ChangeRecord, computeExpectedMandates, computeMinRevisions, type SentCustomer } from './change-record.ts';
import type { SampledInstance, Sampling } from './sampling.ts';

export type ConsistencyCheck = { crm: string; instances: readonly SampledInstance[]; record: ChangeRecord };

/** Further lines are counted only. */
const maxListed = 5;

/** Waits until CRM, views and record agree and all services are ready. @returns what still disagrees after `seconds` */
export const findDisagreements = async (agreement: ConsistencyCheck, seconds: number): Promise<string[]> => {
  let left: string[] = [];
  await waitUntil(seconds, async () => {
    left = await compareAll(agreement).catch((error: Error) => [error.message]);
    return left.length === 0;
  });
  return left;
};

const compareAll = async ({ crm, instances, record }: ConsistencyCheck): Promise<string[]> => [
  ...(await compareCrm(crm, record)),
  ...(await Promise.all(instances.map((instance) => compareView(instance, record)))).flat(),
  ...(await Promise.all([{ name: 'CRM', url: crm }, ...instances].map(checkReadiness))).flat(),
];

const compareCrm = async (crm: string, { customers }: ChangeRecord): Promise<string[]> => {
  const { body } = (await getJson(`${crm}/`)) as { body: Record<string, SentCustomer> };
  const { body: status } = (await getJson(`${crm}/status`)) as { body: { outbox?: { waiting: number } } };
  const differing = [...customers].filter(
    ([id, sent]) =>
      body[id]?.connectionId !== sent.connectionId ||
      body[id]?.connectionMandate !== sent.connectionMandate ||
      body[id]?.city !== sent.city,
  );
  return [
    ...limitLines(differing.map(([id, sent]) => `CRM lost of customer ${id}: ${JSON.stringify(sent)}`)),
    ...limitLines(
      Object.keys(body)
        .filter((id) => !customers.has(id))
        .map((id) => `CRM has customer ${id}, which was never sent`),
    ),
    ...(status.outbox?.waiting === 0 ? [] : [`CRM’s outbox holds ${status.outbox?.waiting} events`]),
  ];
};

const compareView = async ({ name, url }: SampledInstance, record: ChangeRecord): Promise<string[]> => {
  const [mandates, revisions] = [computeExpectedMandates(record), computeMinRevisions(record)];
  const differing: string[] = [];
  for (const [connectionId, wanted] of mandates) {
    const { status, body } = await getJson(`${url}/mandates/${connectionId}`);
    const shown = `${status === 200 ? `${body.connectionMandate} under revision ${body.revision}` : status}`;
    const answered = revisions.get(connectionId) ?? 0;
    if (status !== 200 || body.connectionMandate !== wanted || Number(body.revision) < answered)
      differing.push(`${name} shows ${shown} of ${connectionId}, not ${wanted} under revision ${answered} or later`);
  }
  return limitLines(differing);
};

const checkReadiness = async ({ name, url }: { name: string; url: string }): Promise<string[]> => {
  const { status, body } = await getJson(`${url}/readyz`);
  return status === 200 ? [] : [`${name} is not ready: ${JSON.stringify(body.checks)}`];
};

/**
 * Compares log and samples with the record: a change that was answered but is not in the log, a value that was shown but never
 * published, a view that went back to an older revision, a dead-lettered record.
 */
export const findContradictions = async (
  { answered, violations }: ChangeRecord,
  { shown, regressions }: Pick<Sampling, 'shown' | 'regressions'>,
): Promise<string[]> => {
  const published = new Set<string>();
  for (const { value } of await readRecords(topics.connectionMandates.name)) {
    const { data, sequence } = JSON.parse(value);
    published.add(`${data.connectionId} ${Number(sequence)} ${data.connectionMandate}`);
  }
  const lost = answered
    .map(({ connectionId, revision, connectionMandate }) => `${connectionId} ${revision} ${connectionMandate}`)
    .filter((change) => !published.has(change));
  const dead = await countRecords(topics.connectionMandatesDeadLetters.name);
  return [
    ...violations,
    ...limitLines(lost.map((change) => `answered, but not in the log: ${change}`)),
    ...limitLines(
      [...shown.keys()]
        .filter((change) => !published.has(change))
        .map((change) => `shown, but never published: ${change}`),
    ),
    ...limitLines([...regressions]),
    ...(dead === 0 ? [] : [`${dead} records were dead-lettered`]),
  ];
};

const limitLines = (lines: readonly string[]): string[] =>
  lines.length > maxListed ? [...lines.slice(0, maxListed), `… and ${lines.length - maxListed} more`] : [...lines];
