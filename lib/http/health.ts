import { setTimeout as delay } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import type { Routes } from './app.ts';

/** The things a service needs, by name; a check throws an Error that says what is wrong and what to do. */
export type Checks = Readonly<Record<string, () => Promise<void>>>;

/** Less than what asks usually waits for. */
const answerWithinMs = 3_000;

/** `/healthz`: this process is alive. `/readyz`: each thing it needs, named; 503 when one is missing. */
export const healthRoutes = (checks: Checks): Routes => ({
  '/healthz': { get: (_req, res) => void res.json({ status: 'alive' }) },
  '/readyz': { get: readiness(checks) },
});

const readiness =
  (checks: Checks): RequestHandler =>
  async (_req, res) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await outcome(check)] as const),
    );
    const ready = results.every(([, result]) => result === 'ok');
    res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', checks: Object.fromEntries(results) });
  };

const outcome = (check: () => Promise<void>): Promise<string> => {
  const tooLate = delay(answerWithinMs, `no answer within ${answerWithinMs / 1000} s`, { ref: false });
  const checked = check().then(
    () => 'ok',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return Promise.race([checked, tooLate]);
};
