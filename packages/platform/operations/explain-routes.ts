import { z } from 'zod';
import { operation, type Routes } from '../../http/operation.ts';
import { DomainError } from '../../runtime/domain-error.ts';
import type { RunningView } from '../running-views.ts';
import type { ViewExplanation } from '../views.ts';
import { createViewQuerySchema, describeError, findView, type OperationsContext } from './context.ts';

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
export const explainRoutes = ({ views: all, topicLog, addresses }: OperationsContext): Routes => {
  const views = all.filter(isExplainable);
  if (views.length === 0) return {};
  return {
    '/operations/explain/:key': {
      get: operation({
        summary: 'What the log, the source and the view have for one key, and whether they agree',
        path: z.object({ key: z.union(views.map(({ registered }) => registered.explain.key)) }),
        query: createViewQuerySchema(views),
        responses: { 200: { description: 'The comparison.', schema: explanationSchema } },
        errors: ['explain-failed'],
        handle: async ({ path: { key }, query }, res) => {
          const { explain } = (findView(query.view, views) as Explainable).registered;
          const explained = await explain
            .explain(key, { env: addresses, openLog: async () => topicLog })
            .catch((error: unknown) => {
              throw new DomainError('explain-failed', describeError(error), { cause: error });
            });
          res.json(explained);
        },
      }),
    },
  };
};
