import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { topics } from '../../contracts/topics.ts';
import { type EventBus, NotDurable } from '../../packages/projections/event-bus.ts';
import type { CrmDatabase } from '../database/index.ts';
import { notDurable, type OutboxRow, type PublishedTopic, type Publisher, publishRows } from './publish-rows.ts';

const compactedTopics = new Set(
  Object.values(topics).flatMap((topic) => ('compaction' in topic && topic.compaction ? [topic.name as string] : [])),
);

/** Whether the topic keeps only the last record of each key, so that the order of a key's records decides which state remains. */
export const isCompacted = (topic: string): boolean => compactedTopics.has(topic);

/** One pass of the relay over the rows that wait. */
export type RelayRound = Publisher & {
  readonly db: Kysely<CrmDatabase>;
  readonly canCompact: () => Promise<boolean>;
  /** Topics and keys of events that may not be durable. A later event of such a key must wait for the next round. */
  readonly failedKeys: Set<string>;
};

/**
 * Publishes the last of the rows of each key. All rows of a key are acknowledged when that one is. It publishes no key that
 * has failed in this round: the repetition of the earlier event would follow the later one.
 *
 * If rows have disappeared meanwhile, another instance has relayed them, or an erasure has deleted them, while this one was suspended.
 * Then our late records may be the last ones of their `keys`, so the last states of these must be published again.
 */
export const publishCompacted = async (
  { canCompact, failedKeys, ...publisher }: RelayRound,
  { name: topic, rows }: { name: string; rows: readonly OutboxRow[] },
): Promise<PublishedTopic> => {
  const isPossible = await canCompact().catch((error: Error) => notDurable(rows, error));
  if (isPossible instanceof NotDurable) return { name: topic, failure: isPossible, acknowledged: [] };
  if (!isPossible) return { name: topic, failure: undefined, acknowledged: rows };

  const nameOf = (key: string) => `${topic} ${key}`;
  const hasFailed = ({ eventKey }: OutboxRow) => failedKeys.has(nameOf(eventKey));
  const publishable = failedKeys.size === 0 ? rows : rows.filter((row) => !hasFailed(row));
  const lastOfKey = new Map(publishable.map((row) => [row.eventKey, row]));
  const failure = await publishRows(publisher, topic, [...lastOfKey.values()]);
  const keys = [...lastOfKey.keys()];
  if (!failure) return { name: topic, failure, acknowledged: publishable, keys };
  for (const { id, eventKey } of lastOfKey.values()) if (failure.ids.has(id)) failedKeys.add(nameOf(eventKey));
  const acknowledged = publishable.filter((row) => !hasFailed(row));
  return { name: topic, failure, acknowledged, keys, failedStates: publishable.filter(hasFailed) };
};

/** Asks the bus once whether it can compact, and warns if it cannot. Asks again after a failure. */
export const createCompactionCheck = (bus: EventBus, log: Pick<Logger, 'warn'>): (() => Promise<boolean>) => {
  let known: boolean | undefined;
  return async () => {
    if (known !== undefined) return known;
    known = (await bus.canCompact?.()) ?? true;
    if (!known)
      log.warn(
        { topics: [...compactedTopics] },
        'the event bus cannot remove the earlier records of an erased customer, so events with personal data are dropped: ' +
          'use a broker that compacts topics, such as Kafka, then npm run republish -- --all-customers',
      );
    return known;
  };
};
