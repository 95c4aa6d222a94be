import type { Response } from 'express';
import { z } from 'zod';
import { operation, type Routes } from '../../../http/operation.ts';
import { ConfigError } from '../../../runtime/config-error.ts';
import { DomainError } from '../../../runtime/domain-error.ts';
import { locateService } from '../../locate-service.ts';
import type { RegisteredView } from '../../views.ts';
import { createViewQuerySchema, findView, type OperationsContext } from '../context.ts';
import { readRebuild } from './read-rebuild.ts';
import { createRebuildJobs, type RebuildJobs, type SourceAddress } from './rebuild-jobs.ts';
import { rebuildSchema } from './show-rebuild.ts';

const flag = z.boolean('true or false').optional();
const storeForm = 'the name of a state store such as durable-statestore';
const requestSchema = z
  .strictObject({
    from: z
      .enum(['log', 'crm'], 'log or crm')
      .optional()
      .meta({ description: 'crm: begin with the data of the source, where the log lost events. Default: log.' }),
    inPlace: flag.meta({ description: 'Remove the active generation first. The view answers 503 meanwhile.' }),
    into: z
      .string(storeForm)
      .regex(/^[A-Za-z0-9._-]{1,64}$/, storeForm)
      .optional()
      .meta({ description: 'Another state store to fill.' }),
    acceptDifferences: flag.meta({ description: 'Switch although the comparison finds differences.' }),
    fullSpeed: flag.meta({ description: 'Do not throttle.' }),
    compareWithSource: flag.meta({
      description: 'Compare with the source as well as with the live view. Default: true where the view has a source.',
    }),
  })
  .meta({ examples: [{ from: 'log' }] });
type Sent = z.output<typeof requestSchema>;

const errors = ['rebuild-in-progress', 'rebuild-refused', 'rebuild-failed'];
const location = { description: 'Where the progress is.', example: '/operations/rebuild?view=orders' };
const accepted = { description: 'It runs.', schema: rebuildSchema, headers: { Location: location } };

/** `/operations/rebuild`, `/operations/retire` and `/operations/switch-back`, as npm run rebuild does it. */
export const openRebuildRoutes = (context: OperationsContext): { routes: Routes; close(): Promise<void> } => {
  const { views, topicLog, addresses } = context;
  const jobsOf = new Map(views.map(({ registered }) => [registered, createRebuildJobs(registered, context)]));
  const find = (name: string) => {
    const { registered } = findView(name, views);
    return { registered, jobs: jobsOf.get(registered) as RebuildJobs };
  };
  const query = createViewQuerySchema(views);
  const accept = async (res: Response, registered: RegisteredView, jobs: RebuildJobs) => {
    const { name } = registered.projection;
    res.status(202).location(`/operations/rebuild?view=${encodeURIComponent(name)}`);
    res.json(await readRebuild(registered, { jobs, topicLog }));
  };
  const routes: Routes = {
    '/operations/rebuild': {
      get: operation({
        summary: 'The rebuild of a view: its progress, its result, and what can be switched back',
        query,
        responses: { 200: { description: 'The state.', schema: rebuildSchema } },
        handle: async ({ query: { view } }, res) => {
          const { registered, jobs } = find(view);
          res.json(await readRebuild(registered, { jobs, topicLog }));
        },
      }),
      post: operation({
        summary: 'Rebuild a view in the background, or continue a rebuild that was interrupted',
        token: 'required',
        query,
        body: requestSchema,
        responses: { 202: accepted },
        errors,
        handle: async ({ query: { view }, body }, res) => {
          const { registered, jobs } = find(view);
          await jobs.start({
            ...readRequest(body, registered, addresses),
            view: registered.isDefault ? undefined : view,
          });
          await accept(res, registered, jobs);
        },
      }),
    },
    '/operations/rebuild/abandon': {
      post: operation({
        summary: 'Give up an unfinished rebuild, and remove what it wrote',
        token: 'required',
        query,
        responses: { 202: accepted },
        errors,
        handle: async ({ query: { view } }, res) => {
          const { registered, jobs } = find(view);
          await jobs.abandon(locateSource(registered, addresses));
          await accept(res, registered, jobs);
        },
      }),
    },
    '/operations/retire': {
      post: operation({
        summary: 'Remove all generations but the one that answers, in the background, or continue this',
        token: 'required',
        query,
        responses: { 202: accepted },
        errors,
        handle: async ({ query: { view } }, res) => {
          const { registered, jobs } = find(view);
          await jobs.retire(locateSource(registered, addresses));
          await accept(res, registered, jobs);
        },
      }),
    },
    '/operations/switch-back': {
      post: operation({
        summary: 'Let the previous generation of a view answer again',
        token: 'required',
        query,
        responses: {
          200: {
            description: 'It answers now.',
            schema: z
              .object({ generation: z.object({ number: z.int().min(1), store: z.string().exactOptional() }) })
              .meta({ examples: [{ generation: { number: 1 } }] }),
          },
        },
        errors,
        handle: async ({ query: { view } }, res) => res.json({ generation: await find(view).jobs.switchBack() }),
      }),
    },
  };
  return { routes, close: async () => void (await Promise.all([...jobsOf.values()].map((jobs) => jobs.close()))) };
};

/** @throws DomainError when a field needs a source that the view does not have, or fields contradict each other */
const readRequest = (body: Sent, view: RegisteredView, addresses: OperationsContext['addresses']) => {
  const { source } = view;
  const { from = 'log', inPlace = false, into, acceptDifferences = false, fullSpeed = false } = body;
  const { compareWithSource = source !== undefined } = body;
  const refuse = (field: keyof Sent, expected: string) =>
    new DomainError('invalid-body', `${field}: ${expected}`, { errors: [{ field, expected, got: body[field] }] });
  if (from === 'crm' && !source) throw refuse('from', 'log, because this view has no other source');
  if (compareWithSource && !source) throw refuse('compareWithSource', 'false, because this view has no source');
  if (from === 'crm' && !compareWithSource) throw refuse('compareWithSource', 'true with from: crm');
  if (inPlace && into !== undefined) throw refuse('into', 'absent with inPlace: true');
  const address = compareWithSource ? locateSource(view, addresses) : noSource;
  return { inPlace, into, acceptDifferences, fullSpeed, fromSource: from === 'crm', ...address };
};

const noSource: SourceAddress = { sourceUrl: undefined, sourceAddress: undefined };

const locateSource = (
  { source }: Pick<RegisteredView, 'source'>,
  addresses: OperationsContext['addresses'],
): SourceAddress => {
  if (!source) return noSource;
  try {
    const { url, source: sourceAddress } = locateService(source.address, addresses);
    return { sourceUrl: url, sourceAddress };
  } catch (error) {
    if (error instanceof ConfigError) throw new DomainError('rebuild-refused', error.message);
    throw error;
  }
};
