import { groupBy } from '../runtime/group-by.ts';
import { createRateLimitedLog, type RateLimitedLog } from '../runtime/rate-limited-log.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type PoisonRecord, parseBatch } from './apply/parse-batch.ts';
import { projectionWriter } from './apply/write.ts';
import { publishDeadLetters } from './dead-letters/publish-dead-letters.ts';
import type { EventStamp, Projection } from './declaration.ts';
import type { DeliveredRecord, EventBus, Subscription, Topic, Verdict } from './event-bus.ts';
import { type StoreContext, storesOf } from './generations/stores.ts';
import type { LogReader } from './log-reader.ts';

/** Events since this process started: `applied` changed the view, `ignored` did not, `setAside` are dead letters. */
export type Counts = {
  applied: number;
  ignored: number;
  setAside: number;
  retried: number;
  [classification: string]: number;
};

export type RunningProjection = Subscription & {
  counts(): Counts;
  /** Of the event that this process wrote last. */
  last(): EventStamp | undefined;
  /** Applies records that were read from the log, as if they were delivered. */
  apply(records: readonly DeliveredRecord[]): Promise<unknown>;
};

export type ProjectionContext = Runtime &
  StoreContext & {
    readonly bus: EventBus;
    /** The log behind the topic, by which gaps in the offsets are verified. */
    readonly topicLog?: LogReader | undefined;
  };

/** A projection, and the stores that it writes. */
export type ProjectionInStores = StoreContext & { readonly projection: Projection<unknown, object> };

/**
 * Follows the topics of several projections, each topic by one subscription of the consumer group. A record is `done` once
 * every projection of its topic has applied it, so where one cannot, all of them get it again, and ignore what they have.
 */
export const startProjections = async (
  projections: readonly ProjectionInStores[],
  context: Omit<ProjectionContext, keyof StoreContext>,
): Promise<RunningProjection[]> => {
  const limited = { ...context, limitedLog: createRateLimitedLog(context.log) };
  const created = projections.map(({ projection, store, secondaryStore }) => ({
    topic: projection.topic.name,
    ...createProjection(projection, { ...limited, store, secondaryStore: secondaryStore }),
  }));
  const subscriptions = new Map<string, Subscription>();
  try {
    for (const [topic, own] of groupBy(created, (one) => one.topic)) {
      const followers = own.map(({ follower }) => follower);
      const handler = deliveryHandler(followers, limited);
      subscriptions.set(topic, await context.bus.subscribe(topic, handler));
    }
  } catch (error) {
    await Promise.all([...subscriptions.values()].map((subscription) => subscription.close()));
    throw error;
  }
  return created.map(({ topic, follower: _, ...one }) => ({
    ...one,
    close: async () => subscriptions.get(topic)?.close(),
  }));
};

/** Follows the topic of one projection. */
export const startProjection = async <Event, Document extends object>(
  projection: Projection<Event, Document>,
  { store, secondaryStore, ...context }: ProjectionContext,
): Promise<RunningProjection> => {
  const one = projection as unknown as ProjectionInStores['projection'];
  const [running] = await startProjections([{ projection: one, store, secondaryStore: secondaryStore }], context);
  return running as RunningProjection;
};

/** What follows a topic for one projection; `write` never throws. */
type Follower = {
  readonly deadLetters: Topic;
  /** The records that can never be applied; undefined where the view could not be written. */
  write(batch: readonly DeliveredRecord[]): Promise<readonly PoisonRecord[] | undefined>;
  /** The batch is written, and its unreadable records are set aside. */
  done(poison: readonly PoisonRecord[]): void;
  failed(error: unknown, records: number): void;
};

type Context = ProjectionContext & { readonly limitedLog: RateLimitedLog };

/** Records are set aside once all have written, so that a store that is away does not do it at every attempt. */
const deliveryHandler =
  (followers: readonly Follower[], context: Omit<Context, keyof StoreContext>) =>
  async (batch: readonly DeliveredRecord[]): Promise<Verdict[]> => {
    const written = await Promise.all(followers.map((follower) => follower.write(batch)));
    if (written.some((poison) => poison === undefined)) return batch.map(() => 'retry');
    try {
      // A record that several of them refuse is one dead letter.
      const letters = followers.map(({ deadLetters }, i) => ({ deadLetters, poison: written[i] ?? [] }));
      for (const [, own] of groupBy(letters, ({ deadLetters }) => deadLetters.name)) {
        const once = new Map(own.flatMap(({ poison }) => poison).map((one) => [one.record, one]));
        await publishDeadLetters(own[0]?.deadLetters as Topic, context, [...once.values()]);
      }
    } catch (error) {
      for (const follower of followers) follower.failed(error, batch.length);
      return batch.map(() => 'retry');
    }
    for (const [i, follower] of followers.entries()) follower.done(written[i] ?? []);
    return batch.map(() => 'done');
  };

const createProjection = <Event, Document>(projection: Projection<Event, Document>, context: Context) => {
  const { name, deadLetters, eventStamp: moment } = projection;
  const { newId, log: logger, topicLog, limitedLog } = context;
  const counts: Counts = { applied: 0, ignored: 0, setAside: 0, retried: 0 };
  let last: EventStamp | undefined;
  let hasFailed = false;
  const writeView = projectionWriter(projection, { stores: storesOf(context), newId, log: topicLog, logger });

  const failed = (err: unknown, records: number) => {
    counts.retried += records;
    limitedLog.warn({ err, projection: name, records }, 'view not written, will retry');
    hasFailed = true;
  };
  const write: Follower['write'] = async (batch) => {
    const parsed = await parseBatch(projection, batch);
    const endSpans = startSpans(projection, context, parsed.events);
    try {
      const written = await writeView(parsed);
      const latest = parsed.events.at(-1);
      if (latest) last = moment?.(latest);
      for (const [what, many] of Object.entries(written)) counts[what] = (counts[what] ?? 0) + many;
      return parsed.poison;
    } catch (error) {
      failed(error, batch.length);
      return undefined;
    } finally {
      endSpans();
    }
  };
  const done: Follower['done'] = (poison) => {
    counts.setAside += poison.length;
    if (hasFailed) logger.info({ projection: name }, 'view written again');
    hasFailed = false;
  };
  const follower: Follower = { deadLetters, write, done, failed };
  return {
    follower,
    counts: () => ({ ...counts }),
    last: () => last,
    apply: deliveryHandler([follower], context),
  };
};

/** Each event continues the trace of the request that caused it. */
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
