import { z } from 'zod';

const generation = z.object({ number: z.int().min(1), store: z.string().exactOptional() });
const time = z.iso.datetime();
const count = z.int().nullable();
const text = z.string().nullable();

const runningSchema = z.object({
  into: generation.nullable().meta({ description: 'The generation that is filled; null if not yet known.' }),
  inPlace: z.boolean(),
  from: z.enum(['log', 'crm']).meta({ description: 'crm: it begins with the data of the source.' }),
  phase: z.enum(['replaying', 'joined', 'filled', 'abandoned']).nullable(),
  isActive: z.boolean().meta({ description: 'Whether this process works on it, or waits for its lease.' }),
  isHeld: z.boolean().meta({ description: 'Whether a process holds its lease; a killed process leaves it held.' }),
  holder: z.string(),
  startedAt: time,
  step: text,
  done: count.meta({ description: 'Offsets of this step; null if they are unknown.' }),
  total: count,
  secondsLeft: count,
  continueWith: z
    .object({
      path: z.string(),
      body: z
        .object({ from: z.enum(['log', 'crm']), inPlace: z.boolean(), into: z.string().exactOptional() })
        .nullable(),
    })
    .nullable()
    .meta({ description: 'The POST request that continues it; null while this process works on it.' }),
});

const mismatchesSchema = z.object({
  count: z.int(),
  isTruncated: z.boolean().meta({ description: 'There are more than `count`.' }),
  isUndecided: z.boolean(),
  first: z
    .array(z.object({ key: z.string(), source: text, isUnknown: z.boolean(), rebuilt: z.string(), live: text }))
    .meta({ description: 'At most 20, with the value of each side. isUnknown: the source does not know the key.' }),
});

const lastSchema = z.object({
  action: z.enum(['rebuild', 'abandon', 'retire']),
  startedAt: time,
  endedAt: time,
  result: z.enum(['switched', 'differs', 'abandoned', 'retired', 'stopped', 'failed']),
  generation: generation.nullable(),
  setAside: count.meta({ description: 'Records of the log that can never be applied.' }),
  mismatches: mismatchesSchema.nullable(),
  detail: z.string(),
});

export const rebuildSchema = z
  .object({
    view: z.string(),
    generation: generation.nullable().meta({ description: 'The generation that answers; null if it is unknown.' }),
    switchBackTo: generation.nullable().meta({ description: 'The generation to which the view can be switched back.' }),
    running: runningSchema.nullable().meta({ description: 'The unfinished rebuild.' }),
    last: lastSchema
      .nullable()
      .meta({ description: 'What this process has ended last; no other field depends on it.' }),
    retiring: z
      .object({ generations: z.array(generation), isActive: z.boolean() })
      .nullable()
      .meta({
        description:
          'Earlier generations whose removal is unfinished. Unless it is active, POST /operations/retire continues it.',
      }),
  })
  .meta({
    id: 'Rebuild',
    examples: [
      {
        view: 'orders',
        generation: { number: 1 },
        switchBackTo: null,
        running: {
          into: { number: 2 },
          inPlace: false,
          from: 'log',
          phase: 'replaying',
          isActive: true,
          isHeld: true,
          holder: 'the service 6f1c1c3e-0000-4000-8000-000000000001',
          startedAt: '2026-11-27T05:00:00.000Z',
          step: 'replaying',
          done: 1200,
          total: 5000,
          secondsLeft: 12,
          continueWith: null,
        },
        last: null,
        retiring: null,
      },
    ],
  });

export type ShownRebuild = z.input<typeof rebuildSchema>;
export type EndedJob = z.input<typeof lastSchema>;
export type ShownMismatches = z.input<typeof mismatchesSchema>;
