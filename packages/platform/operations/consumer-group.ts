import { z } from 'zod';
import { operation, type Routes } from '../../http/operation.ts';
import { readGroupOffsets } from '../../projections/consumer-groups.ts';
import type { RunningView } from '../running-views.ts';
import { createViewQuerySchema, describeError, findView, type OperationsContext } from './context.ts';

const offset = z.int().nullable();
const groupSchema = z
  .object({
    group: z.string(),
    topic: z.string(),
    members: z
      .array(z.object({ clientId: z.string(), host: z.string() }))
      .nullable()
      .meta({ description: 'Null where the broker has no members, as the embedded one, or does not answer.' }),
    lag: offset.meta({ description: 'The sum over the partitions; null if it is unknown.' }),
    partitions: z.array(
      z.object({
        partition: z.int(),
        begin: z.int(),
        end: z.int(),
        committed: offset.meta({ description: 'The next offset to read; null if nothing is committed.' }),
        applied: offset.meta({ description: 'The last offset that the view has applied; null if none or unknown.' }),
        lag: offset.meta({ description: 'The offsets that the group has not committed.' }),
      }),
    ),
    problem: z.string().exactOptional().meta({ description: 'What could not be read, and why.' }),
  })
  .meta({
    examples: [
      {
        group: 'iot-platform-consumer',
        topic: 'orders-topic',
        members: [{ clientId: 'iot-platform', host: '/127.0.0.1' }],
        lag: 3,
        partitions: [{ partition: 0, begin: 0, end: 15, committed: 12, applied: 11, lag: 3 }],
      },
    ],
  });

/** `/operations/consumer-group`: how far the consumer group of the service has read. */
export const consumerGroupRoutes = (context: OperationsContext): Routes => ({
  '/operations/consumer-group': {
    get: operation({
      summary: 'How far the consumer group and the view have read',
      query: createViewQuerySchema(context.views),
      responses: {
        200: { description: 'Offsets by partition. Empty where the broker has none.', schema: groupSchema },
      },
      handle: async ({ query }, res) => res.json(await readGroup(findView(query.view, context.views), context)),
    }),
  },
});

const readGroup = async (
  { registered, view }: RunningView,
  { bus, topicLog, operatorLog, names: { consumerGroup: group } }: OperationsContext,
): Promise<z.input<typeof groupSchema>> => {
  const topic = registered.projection.topic.name;
  const groups = { committed: (_group: string, name: string) => bus.committedOffsets(name) };
  const problems: string[] = [];
  const orUndefined = <T>(work: Promise<T> | undefined) =>
    work?.catch((error: unknown) => void problems.push(describeError(error)));
  const [offsets, completeness] = await Promise.all([
    orUndefined(readGroupOffsets({ log: topicLog, groups, group, topic })),
    orUndefined(view.completeness()),
  ]);
  // A broker without offsets has no groups either.
  const members = offsets?.length ? await orUndefined(operatorLog.members?.(group, topic)) : undefined;
  return {
    group,
    topic,
    members: members ? [...members] : null,
    lag: offsets?.length ? offsets.reduce((sum, { lag }) => sum + lag, 0) : null,
    partitions: (offsets ?? []).map(({ partition, begin, end, committed = null, lag }) => {
      const applied = completeness?.partitions[partition]?.applied ?? -1;
      return { partition, begin, end, committed, applied: applied < 0 ? null : applied, lag };
    }),
    ...(problems.length > 0 && { problem: problems.join(' ') }),
  };
};
