import { z } from 'zod';
import type { Checkpoint } from '../projections/checkpoints/index.ts';
import type { Completeness } from '../projections/completeness.ts';

const generation = z.object({ number: z.int().min(1), store: z.string().exactOptional() });
const offsets = z.record(z.string(), z.int());
// Lists of two: not every reader of OpenAPI knows tuples.
const ranges = z.array(z.array(z.int()).length(2)) as unknown as z.ZodType<unknown, Checkpoint['missing']>;
const openDeadLetters = z.array(z.array(z.union([z.int(), z.string()])).length(2)) as unknown as z.ZodType<
  unknown,
  NonNullable<Checkpoint['deadLetters']>
>;
const position = z.object({
  applied: z.int(),
  missing: ranges,
  last: z.object({ offset: z.int(), timestamp: z.int() }).exactOptional(),
  lost: z.enum(['log-truncated', 'log-replaced']).exactOptional(),
  deadLetters: openDeadLetters
    .exactOptional()
    .meta({ description: 'Offsets of records that could not be read, and the connections that they mark.' }),
  moreDeadLetters: z.literal(true).exactOptional(),
});

const rebuild = z
  .object({
    into: generation,
    inPlace: z.boolean(),
    phase: z.enum(['replaying', 'joined', 'filled', 'abandoned']),
    holder: z.string(),
    leaseUntil: z.int().meta({ description: 'No time: it changes while the rebuild is alive. 0: it has stopped.' }),
    startedAt: z.int().meta({ description: 'In ms since 1970.' }),
    next: offsets,
    ends: offsets,
    setAside: z.int(),
    snapshot: z.object({ after: z.string().exactOptional(), isComplete: z.boolean() }).exactOptional(),
  })
  .meta({ description: 'What a rebuild has done so far.' });

const completeness: z.ZodType<unknown, Completeness & { warning?: string | undefined }> = z.object({
  state: z.enum(['empty', 'complete', 'incomplete', 'rebuilding']),
  generation: generation.meta({ description: 'The one that answers.' }),
  partitions: z.record(z.string(), position).meta({ description: 'The last offset, and those that never arrived.' }),
  deadLetters: z
    .int()
    .exactOptional()
    .meta({ description: 'How many connections answer 503 because a record about them could not be read.' }),
  previous: z.array(generation).exactOptional().meta({ description: 'Those that can be switched back to.' }),
  rebuild: rebuild.exactOptional(),
  warning: z.string().optional().meta({ description: 'What is to be done about the view.' }),
});

/** How far the view is, and what became of the events since the start. */
export const statusSchema = z.object({
  store: z.string().meta({ description: 'The Dapr state component that the service was told to use: its home.' }),
  consumerGroup: z.string(),
  view: z.union([completeness, z.object({ state: z.literal('unknown'), reason: z.string() })]),
  sinceStart: offsets,
  lastEvent: z
    .object({ time: z.string(), revision: z.int() })
    .exactOptional()
    .meta({ description: 'Of the event that this instance wrote last.' }),
  lag: z.int().exactOptional().meta({
    description:
      'Offsets between the view and the end of the log; markers of transactions and compaction leave offsets without a record.',
  }),
  freshnessSeconds: z
    .number()
    .exactOptional()
    .meta({ description: '0 without lag; else how long ago the event happened that this instance wrote last.' }),
});
