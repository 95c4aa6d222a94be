import { z } from 'zod';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import { statusSchema } from '../../packages/platform/view-status.ts';
import type { InstanceRegistry } from './instance-registry.ts';

const instancesSchema = z.object({
  answeredBy: z.string().meta({ description: 'The instanceId of the instance that answers.' }),
  instances: z.array(
    z.object({ instanceId: z.string(), url: z.string(), startedAt: z.iso.datetime() }).meta({ id: 'Instance' }),
  ),
  views: z.record(z.string(), statusSchema).meta({
    description: 'By name: each view with its store, checkpoint per partition and lag, as in /status.',
  }),
});

/** `GET /instances`: all instances answer from one database, so each of them answers any key. */
export const instanceRoutes = (
  registry: Pick<InstanceRegistry, 'instanceId' | 'list'>,
  readViews: () => Promise<Record<string, z.input<typeof statusSchema>>>,
): Routes =>
  withTag('Health', {
    '/instances': {
      get: operation({
        summary: 'The running instances, and the views that they share',
        query: z.strictObject({}),
        responses: { 200: { description: 'The instances.', schema: instancesSchema } },
        handle: async (_request, res) =>
          res.json({
            answeredBy: registry.instanceId,
            instances: (await registry.list()).map(({ startedAt, ...instance }) => ({
              ...instance,
              startedAt: new Date(startedAt).toISOString(),
            })),
            views: await readViews(),
          }),
      }),
    },
  });
