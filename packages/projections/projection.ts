import { chunksOf } from '../runtime/chunks.ts';
import { groupBy } from '../runtime/group-by.ts';
import { type RateLimitedLog, rateLimitedLog } from '../runtime/rate-limited-log.ts';
import type { World } from '../runtime/world.ts';
import { type PoisonRecord, parseBatch } from './apply/parse-batch.ts';
import { type ProjectionWriter, projectionWriter } from './apply/write.ts';
import { deadLetter } from './dead-letters/dead-letter.ts';
import type { Moment, Projection } from './declaration.ts';
import type { DeliveredRecord, EventBus, Subscription, Verdict } from './event-bus.ts';
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
  last(): Moment | undefined;
  /** Applies records that were read from the log, as if they were delivered. */
  apply(records: readonly DeliveredRecord[]): Promise<unknown>;
};

type Done = { readonly counts: Counts; last: Moment | undefined; hasFailed: boolean };

export type ProjectionContext = World &
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
  const created = projections.map((one) => ({
    topic: one.projection.topic.name,
    ...createProjection(one.projection, { ...context, store: one.store, otherStore: one.otherStore }),
  }));
  const subscriptions = new Map<string, Subscription>();
  try {
    for (const [topic, own] of groupBy(created, (one) => one.topic)) {
      const handler = handleByAll(own.map(({ apply }) => apply));
      subscriptions.set(topic, await context.bus.subscribe(topic, handler));
    }
  } catch (error) {
    await Promise.all([...subscriptions.values()].map((subscription) => subscription.close()));
    throw error;
  }
  return created.map(({ topic, ...one }) => ({ ...one, close: async () => subscriptions.get(topic)?.close() }));
};

/** Follows the topic of one projection. */
export const startProjection = async <Event, Document extends object>(
  projection: Projection<Event, Document>,
  { store, otherStore, ...context }: ProjectionContext,
): Promise<RunningProjection> => {
  const one = projection as unknown as ProjectionInStores['projection'];
  const [running] = await startProjections([{ projection: one, store, otherStore }], context);
  return running as RunningProjection;
};

const handleByAll =
  (handlers: readonly ((batch: readonly DeliveredRecord[]) => Promise<Verdict[]>)[]) =>
  async (batch: readonly DeliveredRecord[]): Promise<Verdict[]> => {
    const verdicts = await Promise.all(handlers.map((handle) => handle(batch)));
    return batch.map((_, i) => (verdicts.every((own) => own[i] === 'done') ? 'done' : 'retry'));
  };

const createProjection = <Event, Document>(projection: Projection<Event, Document>, context: ProjectionContext) => {
  const done: Done = { counts: { applied: 0, ignored: 0, setAside: 0, retried: 0 }, last: undefined, hasFailed: false };
  const { newId, log: logger, topicLog } = context;
  const write = projectionWriter(projection, { stores: storesOf(context), newId, log: topicLog, logger });
  return {
    counts: () => ({ ...done.counts }),
    last: () => done.last,
    apply: deliveryHandler(projection, { ...context, limitedLog: rateLimitedLog(logger) }, write, done),
  };
};

const deliveryHandler =
  <Event, Document>(
    projection: Projection<Event, Document>,
    context: ProjectionContext & { limitedLog: RateLimitedLog },
    write: ProjectionWriter<Event>,
    done: Done,
  ) =>
  async (batch: readonly DeliveredRecord[]): Promise<Verdict[]> => {
    const { counts } = done;
    const parsed = await parseBatch(projection, batch);
    const { events, poison } = parsed;
    const endSpans = startSpans(projection, context, events);
    try {
      const written = await write(parsed);
      const last = events.at(-1);
      if (last) done.last = projection.moment?.(last);
      // Last, so that a store that is away does not set the same record aside at every attempt.
      await setAside(projection, context, poison);
      counts.setAside += poison.length;
      for (const [what, many] of Object.entries(written)) counts[what] = (counts[what] ?? 0) + many;
      if (done.hasFailed) context.log.info({ projection: projection.name }, 'view written again');
      done.hasFailed = false;
      return batch.map(() => 'done');
    } catch (error) {
      counts.retried += batch.length;
      context.limitedLog.warn(
        { err: error, projection: projection.name, records: batch.length },
        'view not written, will retry',
      );
      done.hasFailed = true;
      return batch.map(() => 'retry');
    } finally {
      endSpans();
    }
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

/** Between two of these requests the process does other work. */
const mostDeadLettersAtOnce = 1_000;

const setAside = async <Event, Document>(
  { deadLetters }: Projection<Event, Document>,
  { bus, limitedLog, now, newId }: ProjectionContext & { limitedLog: RateLimitedLog },
  poison: readonly PoisonRecord[],
) => {
  if (poison.length === 0) return;
  for (const some of chunksOf(poison, mostDeadLettersAtOnce))
    await bus.publish(
      deadLetters.name,
      some.map(({ record, reason }) => deadLetter(record, reason, { now: new Date(now()), newId })),
    );
  for (const { record, reason } of poison) {
    const { topic, partition, offset } = record;
    limitedLog.warn({ topic, partition, offset, reason }, 'record set aside');
  }
};
