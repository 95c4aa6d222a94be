import { groupBy } from '../runtime/group-by.ts';
import { createRateLimitedLog, type RateLimitedLog } from '../runtime/rate-limited-log.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { parseBatch } from './apply/parse-batch.ts';
import { createProjectionWriter } from './apply/write.ts';
import type { PoisonRecord } from './dead-letters/dead-letter.ts';
import { publishDeadLetters } from './dead-letters/publish-dead-letters.ts';
import type { EventStamp, Projection } from './declaration.ts';
import type { DeliveredRecord, EventBus, Subscription, Topic, Verdict } from './event-bus.ts';
import { createStores, type StoreContext } from './generations/stores.ts';
import type { KeyWrites } from './key-writes.ts';
import type { LogReader } from './log-reader.ts';

/**
 * Number of events since this process started: `applied` changed the view, `ignored` did not, `setAside` were
 * dead-lettered, `retried` were delivered again after a failure. Other names are classifications of the projection.
 */
type Counts = {
  applied: number;
  ignored: number;
  setAside: number;
  retried: number;
  [classification: string]: number;
};

export type RunningProjection = Subscription & {
  counts(): Counts;
  /** The event that this process applied last. */
  last(): EventStamp | undefined;
  /** Applies records that were read from the log, like a delivery. */
  apply(records: readonly DeliveredRecord[]): Promise<unknown>;
};

export type ProjectionContext = Runtime &
  StoreContext & {
    readonly bus: EventBus;
    /** The log of the topic, in which gaps in the offsets are looked up. Without one every gap counts as missing. */
    readonly topicLog?: LogReader | undefined;
  };

/** A projection and the stores that it writes. */
export type ProjectionInStores = StoreContext & {
  readonly projection: Projection<unknown, object>;
  /** Told which keys were written. */
  readonly writes?: KeyWrites | undefined;
};

/**
 * Starts several projections, with one subscription per topic. A record is `done` once every projection of its topic
 * has applied it. When one of them fails, all of them get the record again; those that have applied it ignore it.
 */
export const startProjections = async (
  projections: readonly ProjectionInStores[],
  context: Omit<ProjectionContext, keyof StoreContext>,
): Promise<RunningProjection[]> => {
  const limited = { ...context, limitedLog: createRateLimitedLog(context.log) };
  const created = projections.map(({ projection, store, secondaryStore, writes }) => ({
    topic: projection.topic.name,
    ...createProjection(projection, { ...limited, store, secondaryStore, writes }),
  }));
  const subscriptions = new Map<string, Subscription>();
  try {
    for (const [topic, ofTopic] of groupBy(created, (one) => one.topic)) {
      const subscribers = ofTopic.map(({ subscriber }) => subscriber);
      const handler = createBatchHandler(subscribers, limited);
      subscriptions.set(topic, await context.bus.subscribe(topic, handler));
    }
  } catch (error) {
    await Promise.all([...subscriptions.values()].map((subscription) => subscription.close()));
    throw error;
  }
  return created.map(({ topic, subscriber: _, ...one }) => ({
    ...one,
    close: async () => subscriptions.get(topic)?.close(),
  }));
};

/** Starts one projection; resolves once it is subscribed. @public the engine's entry point for a single view */
export const startProjection = async <Event, Document extends object>(
  projection: Projection<Event, Document>,
  { store, secondaryStore, ...context }: ProjectionContext,
): Promise<RunningProjection> => {
  const one = projection as unknown as ProjectionInStores['projection'];
  const [running] = await startProjections([{ projection: one, store, secondaryStore }], context);
  return running as RunningProjection;
};

/** One projection that handles the batches of a topic. `write` never throws. */
type BatchSubscriber = {
  readonly deadLetters: Topic;
  /** Returns the records that can never be applied; undefined when the view could not be written. */
  write(batch: readonly DeliveredRecord[]): Promise<readonly PoisonRecord[] | undefined>;
  /** Called when the batch is written and its unreadable records are dead-lettered. */
  onDone(poison: readonly PoisonRecord[]): void;
  onFailure(error: unknown, records: number): void;
};

type Context = ProjectionContext & Pick<ProjectionInStores, 'writes'> & { readonly limitedLog: RateLimitedLog };

/**
 * Publishes dead letters only after every subscriber has written: otherwise a store that is unavailable would publish
 * them at every attempt.
 */
const createBatchHandler =
  (subscribers: readonly BatchSubscriber[], context: Omit<Context, keyof StoreContext>) =>
  async (batch: readonly DeliveredRecord[]): Promise<Verdict[]> => {
    const written = await Promise.all(subscribers.map((subscriber) => subscriber.write(batch)));
    if (written.some((poison) => poison === undefined)) return batch.map(() => 'retry');
    try {
      // A record that several projections refuse becomes one dead letter.
      const letters = subscribers.map(({ deadLetters }, i) => ({ deadLetters, poison: written[i] ?? [] }));
      for (const [, sameTopic] of groupBy(letters, ({ deadLetters }) => deadLetters.name)) {
        const once = new Map(sameTopic.flatMap(({ poison }) => poison).map((one) => [one.record, one]));
        await publishDeadLetters(sameTopic[0]?.deadLetters as Topic, context, [...once.values()]);
      }
    } catch (error) {
      for (const subscriber of subscribers) subscriber.onFailure(error, batch.length);
      return batch.map(() => 'retry');
    }
    for (const [i, subscriber] of subscribers.entries()) subscriber.onDone(written[i] ?? []);
    return batch.map(() => 'done');
  };

const createProjection = <Event, Document>(projection: Projection<Event, Document>, context: Context) => {
  const { name, deadLetters, eventStamp } = projection;
  const { newId, log: logger, topicLog, limitedLog, writes } = context;
  const counts: Counts = { applied: 0, ignored: 0, setAside: 0, retried: 0 };
  let last: EventStamp | undefined;
  let hasFailed = false;
  const writeView = createProjectionWriter(projection, { stores: createStores(context), newId, log: topicLog, logger });

  const onFailure = (err: unknown, records: number) => {
    counts.retried += records;
    limitedLog.warn({ err, projection: name, records }, 'view not written, will retry');
    hasFailed = true;
  };
  const write: BatchSubscriber['write'] = async (batch) => {
    let endSpans = () => {};
    try {
      const parsed = await parseBatch(projection, batch);
      endSpans = startSpans(projection, context, parsed.events);
      const written = await writeView(parsed);
      writes?.notify(parsed.byKey.keys());
      const latest = parsed.events.at(-1);
      if (latest) last = eventStamp?.(latest);
      for (const [outcome, count] of Object.entries(written)) counts[outcome] = (counts[outcome] ?? 0) + count;
      return parsed.poison;
    } catch (error) {
      onFailure(error, batch.length);
      return undefined;
    } finally {
      endSpans();
    }
  };
  const onDone: BatchSubscriber['onDone'] = (poison) => {
    counts.setAside += poison.length;
    if (hasFailed) logger.info({ projection: name }, 'view written again');
    hasFailed = false;
  };
  const subscriber: BatchSubscriber = { deadLetters, write, onDone, onFailure };
  return {
    subscriber,
    counts: () => ({ ...counts }),
    last: () => last,
    apply: createBatchHandler([subscriber], context),
  };
};

/** Starts a span per event, which continues the trace of the request that caused the event. */
const startSpans = <Event, Document>(
  { name, traceparent }: Projection<Event, Document>,
  { tracer }: ProjectionContext,
  events: readonly Event[],
) => {
  if (!tracer.reports) return () => {};
  const parents = events.map((event) => traceparent?.(event)).filter((parent) => parent !== undefined);
  const spans = parents.map((parent) => tracer.start(`project ${name}`, parent));
  return () => {
    for (const span of spans) span.end();
  };
};
