import type { MandateChanged } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { topics } from '../../contracts/topics.ts';
import { type Mandate, revisionOf } from '../../iot-platform/mandates/mandate.ts';
import { openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import type { Projection } from '../../packages/projections/declaration.ts';
import { startDriftDetection } from '../../packages/projections/drift/index.ts';
import {
  type BatchHandler,
  type DeliveredRecord,
  type EventBus,
  parseReplayOfHeader,
  replayOfHeader,
} from '../../packages/projections/event-bus.ts';
import type { LogReader } from '../../packages/projections/log-reader.ts';
import { startProjection } from '../../packages/projections/projection.ts';
import type { StateStore } from '../../packages/projections/state-store.ts';
import { openView, type View } from '../../packages/projections/view.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import { createInMemoryLog } from '../log-in-memory.ts';
import { createTestRuntime } from '../test-runtime.ts';
import type { Answer, Outcome, Place, VectorCase, VectorPartition, VectorRecord, Vectors } from './vectors.ts';

/** A subscriber that runs the vectors: the view's declaration, and what a changed subscriber does differently. */
export type Subscriber = {
  readonly projection: Projection<MandateChanged, Mandate>;
  /** Replaces the log in which gaps are looked up. */
  readonly readLog?: (log: LogReader) => LogReader | undefined;
  readonly ignoresCommitted?: true;
  readonly dropsDeadLetters?: true;
  /** A field that it does not store. */
  readonly forgets?: 'supersededDeadLetters' | 'replayedDeadLetters';
};

const topic = topics.connectionMandates.name;

/** Passes the deliveries to the subscriber, and returns what its view answers then. */
export const runCase = async (
  { projection, readLog = (log) => log, ...changed }: Subscriber,
  vectors: Vectors,
  { log, committed = {}, later = log, expect: { connections } }: VectorCase,
  deliveries: VectorCase['deliveries'],
): Promise<Outcome> => {
  const readPartitions = (held: typeof log) => held.map((one, partition) => readPartition(vectors, one, partition));
  const partitions = readPartitions(log);
  const memoryLog = createInMemoryLog([...partitions]);
  const topicLog = readLog(memoryLog);
  const store = withoutField(openEmbeddedPlatform(':memory:', []).stateStore('statestore'), changed.forgets);
  const committedOffsets = Object.entries(changed.ignoresCommitted ? {} : committed).map(
    ([partition, offset]) => [Number(partition), offset] as const,
  );
  const { bus, deadLetters, deliver } = createDeliveringBus(new Map(committedOffsets));
  const running = await startProjection(projection, { ...createTestRuntime(), bus, store, topicLog });
  for (const batch of deliveries)
    await deliver(batch.map(([partition, offset]) => findRecord(partitions[partition]?.records ?? [], offset)));
  memoryLog.partitions.splice(0, Infinity, ...readPartitions(later));
  const drift = startDriftDetection(projection, { ...createTestRuntime(), bus, store, topicLog, apply: running.apply });
  const count = await drift.partitions();
  await drift.close();
  const view = openView<Mandate>(projection, store, { partitions: async () => count });
  const asked = Object.keys(connections).map(async (id) => [id, await ask(view, id)] as const);
  return {
    view: (await view.completeness()).state,
    connections: Object.fromEntries(await Promise.all(asked)),
    deadLetters: changed.dropsDeadLetters ? [] : [...deadLetters.values()].sort(([a, b], [c, d]) => a - c || b - d),
  };
};

const withoutField = (store: StateStore, field: string | undefined): StateStore => ({
  ...store,
  transact: (upserts) =>
    store.transact(
      upserts.map((one) => ({ ...one, value: omit(one.value as Readonly<Record<string, unknown>>, field) })),
    ),
});

const omit = (value: Readonly<Record<string, unknown>>, field: string | undefined) =>
  Object.fromEntries(Object.entries(value).filter(([name]) => name !== field));

const ask = async (view: View<Mandate>, connectionId: string): Promise<Answer> => {
  try {
    const mandate = await view.get(connectionId);
    if (!mandate) return { refusal: 'mandate-unknown' };
    return { connectionMandate: mandate.connectionMandate, revision: revisionOf(mandate) };
  } catch (error) {
    if (error instanceof DomainError) return { refusal: error.code };
    throw error;
  }
};

const readPartition = ({ values }: Vectors, { begin = 0, end, records }: VectorPartition, partition: number) => ({
  begin,
  end: end ?? (records.at(-1)?.offset ?? begin - 1) + 1,
  records: records.map((record): DeliveredRecord => {
    const { offset, key, timestamp = noonOfVectors + offset, headers = {} } = record;
    const replayOf = parseReplayOfHeader(headers[replayOfHeader], topic, { partition, offset });
    const value = encodeValue(record, values);
    return {
      topic,
      partition,
      offset,
      timestamp,
      value,
      ...(key !== undefined && { key }),
      ...(replayOf && { replayOf }),
    };
  }),
});
const noonOfVectors = 1_795_694_400_000;

const encodeValue = ({ value, text, base64 }: VectorRecord, values: Vectors['values']): Buffer => {
  if (value !== undefined) {
    if (!Object.hasOwn(values, value)) throw new Error(`no value is called ${value}`);
    return Buffer.from(JSON.stringify(values[value]));
  }
  return base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64');
};

const findRecord = (records: readonly DeliveredRecord[], offset: number): DeliveredRecord => {
  const record = records.find((candidate) => candidate.offset === offset);
  if (!record) throw new Error(`the log holds no record at offset ${offset}`);
  return record;
};

/** A bus that delivers what the test gives it, and keeps the places of the dead letters. */
const createDeliveringBus = (committed: ReadonlyMap<number, number>) => {
  let handle: BatchHandler = async () => [];
  const deadLetters = new Map<string, Place>();
  const bus: EventBus = {
    subscribe: async (_, handler) => {
      handle = handler;
      return { close: async () => {} };
    },
    publish: async (_, events) => {
      for (const { id, value } of events) {
        const { partition, offset } = JSON.parse(value.toString()).data;
        deadLetters.set(id, [partition, offset]);
      }
    },
    committedOffsets: async () => committed,
    check: async () => {},
  };
  const deliver = async (batch: readonly DeliveredRecord[]) => {
    for (let left = batch; left.length > 0; ) {
      const verdicts = await handle(left);
      left = left.filter((_, i) => verdicts[i] !== 'done');
    }
  };
  return { bus, deadLetters, deliver };
};
