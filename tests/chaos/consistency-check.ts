import { topics } from '../../contracts/topics.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { getJson } from '../http.ts';
import { readRecords, type TopicRecord } from '../stack/fresh.ts';
import {
  type AnsweredOrder,
  type ChangeRecord,
  computeExpectedMandates,
  computeMinRevisions,
  describeMandate,
  describeOrder,
  namesOfRemoved,
  type SentCustomer,
} from './change-record.ts';
import { compareCustomerView } from './compare-customer-view.ts';
import type { CustomerViewInstance } from './deployment.ts';
import type { SampledInstance, Sampling } from './sampling.ts';

export type ConsistencyCheck = {
  crm: string;
  instances: readonly SampledInstance[];
  customerViews?: readonly CustomerViewInstance[];
  record: ChangeRecord;
};

/** Waits until CRM, views and record agree and all services are ready. @returns what still disagrees after `seconds` */
export const findDisagreements = async (agreement: ConsistencyCheck, seconds: number): Promise<string[]> => {
  let left: string[] = [];
  await waitUntil(seconds, async () => {
    left = await compareAll(agreement).catch((error: Error) => [error.message]);
    return left.length === 0;
  });
  return left;
};

const compareAll = async ({ crm, instances, customerViews = [], record }: ConsistencyCheck): Promise<string[]> => [
  ...(await compareCrm(crm, record)),
  ...(await Promise.all(instances.map((instance) => compareView(instance, record)))).flat(),
  ...limitLines((await Promise.all(customerViews.map((instance) => compareCustomerView(instance, record)))).flat()),
  ...(await Promise.all([{ name: 'CRM', url: crm }, ...instances, ...customerViews].map(checkReadiness))).flat(),
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
        .map((id) => `CRM has customer ${id}, which was never sent or is gone`),
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

/** Finds answered orders that the CRM does not have in their last state. */
export const findLostOrders = async (crm: string, { orders }: ChangeRecord): Promise<string[]> => {
  const lost: string[] = [];
  for (const order of orders.values()) {
    const { body } = await getJson(`${crm}/orders/${order.orderId}`);
    if (describeOrder(body as AnsweredOrder) !== describeOrder(order))
      lost.push(`CRM lost of order ${order.orderId}: ${describeOrder(order)}`);
  }
  return limitLines(lost);
};

const deadLetterTopics = [topics.connectionMandatesDeadLetters.name, topics.customerViewDeadLetters.name];

/**
 * Compares log, samples and what the services have printed with the record: a change that was answered but is not in the log, a value
 * that was shown but never published, a view that went back to an older revision, a dead-lettered record, a name of an erased customer.
 */
export const findContradictions = async (
  record: ChangeRecord,
  samplings: readonly Pick<Sampling, 'shown' | 'regressions'>[] = [],
  output = '',
): Promise<string[]> => {
  const names = Object.values(topics).map(({ name }) => name);
  const log = new Map(await Promise.all(names.map(async (name) => [name, await readRecords(name)] as const)));
  const recordsOf = ({ name }: { name: string }) => log.get(name) ?? [];
  const published = new Set([
    ...recordsOf(topics.connectionMandates).map(({ value }) => {
      const { data, sequence } = JSON.parse(value);
      return describeMandate({ ...data, revision: sequence });
    }),
    ...recordsOf(topics.orders).map(({ value }) => describeOrder(JSON.parse(value).data)),
  ]);
  const answered = [...record.answered.map(describeMandate), ...record.answeredOrders.map(describeOrder)];
  const shown = samplings.flatMap((sampling) => [...sampling.shown]);
  const isUnpublished = (change: string) => !published.has(change);
  return [
    ...record.violations,
    ...limitLines(answered.filter(isUnpublished).map((change) => `answered, but not in the log: ${change}`)),
    ...limitLines(shown.filter(isUnpublished).map((change) => `shown, but never published: ${change}`)),
    ...limitLines(samplings.flatMap(({ regressions }) => [...regressions])),
    ...deadLetterTopics.flatMap((name) =>
      log.get(name)?.length ? [`${log.get(name)?.length} records in ${name}`] : [],
    ),
    ...findErasedNames(record, output, log),
  ];
};

/** Of customers-topic only the last record of each key counts, because compaction removes the others. */
const findErasedNames = (record: ChangeRecord, output: string, log: ReadonlyMap<string, readonly TopicRecord[]>) => {
  const lastOf = new Map(log.get(topics.customers.name)?.map(({ key, value }) => [key, value]));
  const others = [...log].flatMap(([name, records]) => (name === topics.customers.name ? [] : records));
  const text = [output, ...lastOf.values(), JSON.stringify(others)].join('\n');
  const stored = namesOfRemoved(record, 'erased').filter((name) => text.includes(name));
  const erased = [...record.removed].flatMap(([id, { how }]) => (how === 'erased' ? [id] : []));
  return [
    ...limitLines(stored.map((name) => `${name} was erased, and is printed or in a topic`)),
    ...limitLines(
      erased
        .filter((id) => lastOf.get(id) !== 'null')
        .map((id) => `the last record of erased customer ${id} is no tombstone`),
    ),
  ];
};

/** Further lines are counted only. */
const maxListed = 5;

const limitLines = (lines: readonly string[]): string[] =>
  lines.length > maxListed ? [...lines.slice(0, maxListed), `… and ${lines.length - maxListed} more`] : [...lines];
