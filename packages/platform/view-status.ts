import { z } from 'zod';
import type { Checkpoint } from '../projections/checkpoints/index.ts';
import type { Completeness } from '../projections/completeness.ts';

const generation = z.object({ number: z.int().min(1), store: z.string().exactOptional() });
const offsets = z.record(z.string(), z.int());
// Arrays of two items, because some OpenAPI tools do not support tuples.
const ranges = z.array(z.array(z.int()).length(2)) as unknown as z.ZodType<unknown, Checkpoint['missing']>;
const openDeadLetters = z.array(z.array(z.union([z.int(), z.string()])).length(2)) as unknown as z.ZodType<
  unknown,
  NonNullable<Checkpoint['deadLetters']>
>;
const checkpoint = z.object({
  applied: z.int(),
  missing: ranges,
  last: z.object({ offset: z.int(), timestamp: z.int() }).exactOptional(),
  lost: z.enum(['log-truncated', 'log-replaced']).exactOptional(),
  deadLetters: openDeadLetters
    .exactOptional()
    .meta({ description: 'Offsets of dead-lettered records, and the keys of the documents that they concern.' }),
  moreDeadLetters: z.literal(true).exactOptional(),
});

const rebuild = z
  .object({
    into: generation,
    inPlace: z.boolean(),
    phase: z.enum(['replaying', 'joined', 'filled', 'abandoned']),
    holder: z.string(),
    leaseUntil: z
      .int()
      .meta({ description: 'Not a time: it changes while the rebuild runs. 0: the rebuild has stopped.' }),
    startedAt: z.int().meta({ description: 'In ms since 1970.' }),
    next: offsets,
    ends: offsets,
    setAside: z.int(),
    snapshot: z.object({ after: z.string().exactOptional(), isComplete: z.boolean() }).exactOptional(),
  })
  .meta({ description: 'The progress of a rebuild.' });

const completeness: z.ZodType<unknown, Completeness & { warning?: string | undefined }> = z.object({
  state: z.enum(['empty', 'complete', 'incomplete', 'rebuilding']),
  generation: generation.meta({ description: 'The active generation, from which the view answers.' }),
  partitions: z
    .record(z.string(), checkpoint)
    .meta({ description: 'Per partition the last applied offset, and the missing offsets.' }),
  deadLetters: z
    .int()
    .exactOptional()
    .meta({ description: 'The number of documents that answer 503 because a record about them was dead-lettered.' }),
  previous: z
    .array(generation)
    .exactOptional()
    .meta({ description: 'The generations that the view can switch back to.' }),
  rebuild: rebuild.exactOptional(),
  filledFrom: z
    .string()
    .exactOptional()
    .meta({ description: 'Another topic that filled the view, which refuses until it is rebuilt.' }),
  warning: z.string().optional().meta({ description: 'What to do about the view.' }),
});

export const exampleStatus = {
  store: 'statestore',
  consumerGroup: 'iot-platform-consumer',
  view: {
    state: 'complete',
    generation: { number: 1 },
    partitions: { 0: { applied: 7, missing: [], last: { offset: 7, timestamp: 1795694400123 } } },
  },
  sinceStart: { applied: 8, ignored: 0, setAside: 0, retried: 0 },
  lastEvent: { time: '2026-11-26T12:00:00.123Z', revision: 1795694400123 },
  lag: 0,
  freshnessSeconds: 0,
};

/** The state of the view, and counts of the events since the start. */
export const statusSchema = z
  .object({
    store: z.string().meta({ description: 'The configured Dapr state component: the primary store.' }),
    consumerGroup: z.string(),
    view: z.union([completeness, z.object({ state: z.literal('unknown'), reason: z.string() })]),
    sinceStart: offsets,
    lastEvent: z
      .object({ time: z.string(), revision: z.int() })
      .exactOptional()
      .meta({ description: 'The event that this instance applied last.' }),
    lag: z.int().exactOptional().meta({
      description: 'The consumer lag in offsets; transaction markers and compaction leave offsets without a record.',
    }),
    freshnessSeconds: z
      .number()
      .exactOptional()
      .meta({ description: '0 without lag, otherwise the age of the event that this instance applied last.' }),
  })
  .meta({ examples: [exampleStatus] });
