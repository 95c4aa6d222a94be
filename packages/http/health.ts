import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { operation, type Routes, withTag } from './operation.ts';

/** The things a service needs, by name; a check throws an Error that says what is wrong and what to do. */
export type Checks = Readonly<Record<string, () => Promise<void>>>;

/** Less than what asks usually waits for. */
const timeoutMs = 3_000;

const checksSchema = z
  .record(z.string(), z.string())
  .meta({ description: 'Each thing by name: ok, or what is wrong.' });
const readySchema = z.looseObject({ status: z.literal('ready'), checks: checksSchema });
const notReadySchema = z.object({ status: z.literal('not ready'), checks: checksSchema });

/**
 * `/healthz`: this process is alive. `/readyz`: each thing it needs, named; 503 when one is missing. `facts` are shown
 * beside them and never make it red.
 */
export const healthRoutes = (
  checks: Checks,
  facts: () => Promise<Readonly<Record<string, unknown>>> = async () => ({}),
): Routes =>
  withTag('Health', {
    '/healthz': {
      get: operation({
        summary: 'Whether the process is alive',
        responses: { 200: { description: 'It is.', schema: z.object({ status: z.literal('alive') }) } },
        handle: (_asked, res) => res.json({ status: 'alive' }),
      }),
    },
    '/readyz': {
      get: operation({
        summary: 'Whether everything is there that the service needs',
        responses: {
          200: { description: 'Everything is there.', schema: readySchema },
          503: { description: 'Something is missing.', schema: notReadySchema },
        },
        handle: async (_asked, res) => {
          const results = await Promise.all(
            Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check)] as const),
          );
          const ready = results.every(([, result]) => result === 'ok');
          const status = ready ? 'ready' : 'not ready';
          const shown = ready ? await facts().catch(() => ({})) : {};
          res.status(ready ? 200 : 503).json({ status, checks: Object.fromEntries(results), ...shown });
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
