import { z } from 'zod';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import { exampleStatus, statusSchema } from '../../packages/platform/view-status.ts';
import type { InstanceRegistry } from './instance-registry.ts';

const exampleId = '2c9f1b1e-7d0f-4b5e-9c55-3b7f6f3a11d0';
const instancesSchema = z.object({
  answeredBy: z.string().meta({ description: 'The instanceId of the instance that answers.', examples: [exampleId] }),
  instances: z.array(
    z.object({ instanceId: z.string(), url: z.string(), startedAt: z.iso.datetime() }).meta({
      id: 'Instance',
      examples: [{ instanceId: exampleId, url: 'http://localhost:3010', startedAt: '2026-11-26T12:00:00.123Z' }],
    }),
  ),
  views: z.record(z.string(), statusSchema).meta({
    description: 'By name: each view with its store, checkpoint per partition and lag, as in /status.',
    examples: [{ customers: exampleStatus }],
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
