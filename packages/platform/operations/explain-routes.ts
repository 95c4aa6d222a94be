import { once } from 'node:events';
import { z } from 'zod';
import { operation, type Routes } from '../../http/operation.ts';
import { DomainError } from '../../runtime/domain-error.ts';
import type { RunningView } from '../running-views.ts';
import type { ViewExplanation } from '../views.ts';
import { createViewQuerySchema, describeError, findView, type OperationsContext } from './context.ts';
import { limitConcurrency, signalClosed, stopLogAt } from './request-limits.ts';

/** An explanation reads the whole topic. */
const maxExplanations = 2;
const defaultTimeoutMs = 30_000;

const row = z.record(z.string(), z.union([z.string(), z.number()]));
const explanationSchema = z
  .object({
    events: z.array(row).meta({ description: 'The records of the key in the log, oldest first.' }),
    sides: z.array(row).meta({ description: 'The current value on each side.' }),
    agree: z.boolean(),
    sentences: z.array(z.string()).meta({ description: 'Each difference, and what to do about it.' }),
  })
  .meta({
    examples: [
      {
        events: [{ topic: 'orders-topic', partition: 0, offset: 3, revision: 1795694400123, level: '1' }],
        sides: [
          { side: 'CRM', level: '1', revision: 1795694400123, where: 'the record of 7733' },
          { side: 'view', level: '1', revision: 1795694400123, where: 'generation 1 in statestore, complete' },
        ],
        agree: true,
        sentences: ['Log, CRM and view agree.'],
      },
    ],
  });

type Explainable = RunningView & { readonly registered: { readonly explain: ViewExplanation } };
const isExplainable = (view: RunningView): view is Explainable => view.registered.explain !== undefined;

/** `/operations/explain/{key}` for the views that can be explained; none where no view can. */
export const explainRoutes = ({
  views: all,
  topicLog,
  addresses,
  explainTimeoutMs = defaultTimeoutMs,
}: OperationsContext): Routes => {
  const views = all.filter(isExplainable);
  if (views.length === 0) return {};
  const limit = limitConcurrency(maxExplanations, createTooManyError);
  return {
    '/operations/explain/:key': {
      get: operation({
        summary: 'What the log, the source and the view have for one key, and whether they agree',
        path: z.object({ key: z.union(views.map(({ registered }) => registered.explain.key)) }),
        query: createViewQuerySchema(views),
        responses: { 200: { description: 'The comparison.', schema: explanationSchema } },
        errors: ['explain-failed', 'too-many-explanations'],
        handle: async ({ path: { key }, query }, res) => {
          const { explain } = (findView(query.view, views) as Explainable).registered;
          const closed = signalClosed(res);
          const stopping = AbortSignal.any([closed, AbortSignal.timeout(explainTimeoutMs)]);
          const openLog = async () => stopLogAt(topicLog, stopping);
          // A stopped explanation counts until it has ended, because it may wait for something that cannot be stopped.
          const explained = limit(() => explain.explain(key, { env: addresses, openLog }));
          try {
            res.json(await Promise.race([explained, rejectOnAbort(stopping)]));
          } catch (error) {
            if (closed.aborted) return;
            throw stopping.aborted ? createTimeoutError(explainTimeoutMs) : toDomainError(error);
          }
        },
      }),
    },
  };
};

const rejectOnAbort = (signal: AbortSignal): Promise<never> =>
  once(signal, 'abort').then(() => {
    throw signal.reason;
  });

const toDomainError = (error: unknown) =>
  error instanceof DomainError ? error : new DomainError('explain-failed', describeError(error), { cause: error });

const remedy = 'npm run explain has no such limit';

const createTooManyError = (limit: number) =>
  new DomainError(
    'too-many-explanations',
    `${limit} keys are being explained already, and each reads the whole topic.`,
    {
      remedy: `wait until one of them ends; ${remedy}`,
    },
  );

const createTimeoutError = (ms: number) =>
  new DomainError('explain-failed', `The topic was not read within ${ms / 1000} s.`, { remedy });
