import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { operation, type Routes, withTag } from './operation.ts';

/** The dependencies of a service, by name. A check throws an Error with the cause and the remedy. */
export type Checks = Readonly<Record<string, () => Promise<void>>>;

/** Shorter than the usual timeout of a readiness probe. */
const timeoutMs = 3_000;

const checksSchema = z.record(z.string(), z.string()).meta({
  description: 'Each dependency by name: ok, or what is wrong.',
  examples: [{ eventBus: 'ok' }],
});
const readySchema = z.looseObject({ status: z.literal('ready'), checks: checksSchema });
const notReadySchema = z.object({
  status: z.literal('not ready'),
  checks: checksSchema.meta({ examples: [{ eventBus: 'no answer within 3 s' }] }),
});

/**
 * `/healthz`: the process is alive. `/readyz`: the state of each dependency; 503 if one is unavailable. `facts` are added to a
 * response with 200 and never change the status.
 */
export const healthRoutes = (
  checks: Checks,
  facts: () => Promise<Readonly<Record<string, unknown>>> = async () => ({}),
): Routes =>
  withTag('Health', {
    '/healthz': {
      get: operation({
        summary: 'Whether the process is alive',
        responses: { 200: { description: 'The process is alive.', schema: z.object({ status: z.literal('alive') }) } },
        handle: (_request, res) => res.json({ status: 'alive' }),
      }),
    },
    '/readyz': {
      get: operation({
        summary: 'Whether all dependencies of the service are available',
        responses: {
          200: { description: 'All are available.', schema: readySchema },
          503: { description: 'At least one is unavailable.', schema: notReadySchema },
        },
        handle: async (_request, res) => {
          const results = await Promise.all(
            Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check)] as const),
          );
          const ready = results.every(([, result]) => result === 'ok');
          const status = ready ? 'ready' : 'not ready';
          const addedFacts = ready ? await facts().catch(() => ({})) : {};
          res.status(ready ? 200 : 503).json({ status, checks: Object.fromEntries(results), ...addedFacts });
        },
      }),
    },
  });

const runCheck = (check: () => Promise<void>): Promise<string> => {
  const timeout = delay(timeoutMs, `no answer within ${timeoutMs / 1000} s`, { ref: false });
  const result = check().then(
    () => 'ok',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return Promise.race([result, timeout]);
};
