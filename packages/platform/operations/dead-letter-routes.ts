import { z } from 'zod';
import { operation, type Routes } from '../../http/operation.ts';
import { wholeNumber } from '../../http/whole-number.ts';
import {
  type DeadLetter,
  keyOfDeadLetter,
  readDeadLetterStates,
  readDeadLetters,
  replayDeadLetters,
} from '../../projections/dead-letters/index.ts';
import { createStores } from '../../projections/generations/index.ts';
import { DomainError } from '../../runtime/domain-error.ts';
import { discardLetters, filterOpen, findWithheld } from '../maintenance/index.ts';
import type { RunningView } from '../running-views.ts';
import { openViewStores } from '../views.ts';
import { createViewQuerySchema, describeError, findView, type OperationsContext } from './context.ts';

const maxValueLength = 16_384;
const maxIds = 1_000;
const exampleId = 'orders-topic/0/7';

const letterSchema = z.object({
  id: z.string().meta({ description: 'The place of the record: topic/partition/offset.' }),
  time: z.string(),
  topic: z.string(),
  partition: z.int().nullable(),
  offset: z.int().nullable(),
  key: z.string().meta({ description: 'The key of the record.' }),
  documentKey: z.string().nullable().meta({ description: 'The key of the document that refuses to answer.' }),
  state: z.enum(['open', 'settled', 'discarded', 'names none', 'unknown']),
  reason: z.string(),
  value: z.string().nullable(),
  valueBase64: z.string().nullable().meta({ description: 'The value where text would lose bytes.' }),
  isShortened: z.boolean(),
  isWithheld: z.boolean().meta({ description: 'The topic has personal data, so the record is not kept here.' }),
});
const listSchema = z.object({ items: z.array(letterSchema), total: z.int() }).meta({
  examples: [
    {
      items: [
        {
          id: exampleId,
          time: '2026-11-26T12:00:00.123Z',
          topic: 'orders-topic',
          partition: 0,
          offset: 7,
          key: '7733',
          documentKey: '7733',
          state: 'open',
          reason: 'not JSON',
          value: '{"connectionId":"7733"',
          valueBase64: null,
          isShortened: false,
          isWithheld: false,
        },
      ],
      total: 1,
    },
  ],
});

const chosenForm = `{"ids":[…]} with 1 to ${maxIds} ids, or {"all":true}`;
const chosenSchema = z
  .strictObject({
    ids: z.array(z.string().max(300)).min(1, chosenForm).max(maxIds, chosenForm).optional(),
    all: z.literal(true, chosenForm).optional(),
  })
  .refine(({ ids, all }) => (ids === undefined) !== (all === undefined), chosenForm)
  .meta({ examples: [{ ids: [exampleId] }] });
type Chosen = z.output<typeof chosenSchema>;

/** `/operations/dead-letters`: the dead letters of a view, as npm run dead-letters shows and repairs them. */
export const deadLetterRoutes = (context: OperationsContext): Routes => {
  const { views, topicLog, operatorLog } = context;
  const query = createViewQuerySchema(views);
  const find = async (name: string) => {
    const running = findView(name, views);
    const { registered } = running;
    const stores = createStores(openViewStores(registered, context));
    const letters = await readDeadLetters(topicLog, registered.projection).catch((error: unknown) => {
      throw new DomainError('log-unavailable', describeError(error), { cause: error });
    });
    return { registered, stores, letters };
  };
  type Found = Awaited<ReturnType<typeof find>>;
  const list = async ({ registered: { projection }, stores, letters }: Found, limit: number) => {
    const newest = letters.toReversed().slice(0, limit);
    const states = await readDeadLetterStates(projection, stores, newest).catch(() => undefined);
    const show = (letter: DeadLetter) => showDeadLetter(letter, projection, states?.get(letter.id));
    return { items: newest.map(show), total: letters.length };
  };
  const replay = async ({ registered, stores, letters }: Found, chosen: Chosen) => {
    const wanted = choose(letters, chosen);
    const replayed = chosen.all ? await filterOpen(registered, wanted, (work) => work(stores)) : wanted;
    const withheld = findWithheld(replayed);
    if (withheld)
      throw new DomainError('dead-letter-withheld', withheld.detail, {
        remedy: 'let the source publish the state again, or discard the dead letter',
      });
    if (replayed.some(({ data }) => data.truncated))
      throw new DomainError('dead-letter-withheld', 'A record was too large to be kept whole. Nothing was replayed.', {
        remedy: 'discard it, or replay the others by id',
      });
    await replayDeadLetters(operatorLog, [registered.projection.topic], replayed);
    return { replayed: replayed.length };
  };
  return {
    '/operations/dead-letters': {
      get: operation({
        summary: 'The dead letters of a view, newest first',
        token: 'required',
        query: query.extend({
          limit: wholeNumber('a whole number from 1 to 200', { min: 1, max: 200, defaultValue: 100 }),
        }),
        responses: { 200: { description: 'The dead letters with their states.', schema: listSchema } },
        errors: ['log-unavailable'],
        handle: async ({ query: { view, limit } }, res) => res.json(await list(await find(view), limit)),
      }),
    },
    '/operations/dead-letters/replay': {
      post: operation({
        summary: 'Publish records to their topic again, for a version that can read them',
        token: 'required',
        query,
        body: chosenSchema,
        responses: {
          200: { description: 'They are published.', schema: z.object({ replayed: z.int().meta({ examples: [1] }) }) },
        },
        errors: ['log-unavailable', 'dead-letter-unknown', 'dead-letter-withheld'],
        handle: async ({ query: { view }, body }, res) => res.json(await replay(await find(view), body)),
      }),
    },
    '/operations/dead-letters/discard': {
      post: operation({
        summary: 'Let the documents of dead letters answer again with what the view has',
        token: 'required',
        query,
        body: chosenSchema,
        responses: {
          200: {
            description: 'They are discarded.',
            schema: z.object({
              discarded: z.int().meta({ examples: [1] }),
              withoutPlace: z
                .int()
                .meta({ description: 'Those without partition and offset, which concern no document.', examples: [0] }),
            }),
          },
        },
        errors: ['log-unavailable', 'dead-letter-unknown'],
        handle: async ({ query: { view }, body }, res) => {
          const { registered, stores, letters } = await find(view);
          res.json(await discardLetters(registered, stores, choose(letters, body)));
        },
      }),
    },
  };
};

/** @throws DomainError when an id is unknown */
const choose = (letters: readonly DeadLetter[], { ids }: Chosen): readonly DeadLetter[] => {
  if (!ids) return letters;
  const byId = new Map(letters.map((letter) => [letter.id, letter]));
  return [...new Set(ids)].map((id) => {
    const letter = byId.get(id);
    if (!letter)
      throw new DomainError('dead-letter-unknown', `There is no dead letter ${id}.`, {
        remedy: 'GET /operations/dead-letters lists them',
      });
    return letter;
  });
};

const showDeadLetter = (
  letter: DeadLetter,
  projection: RunningView['registered']['projection'],
  state: z.input<typeof letterSchema>['state'] = 'unknown',
): z.input<typeof letterSchema> => {
  const { id, time, data } = letter;
  const { topic, partition = null, offset = null, key, reason, value = null, valueBase64 = null } = data;
  const isLong = [value, valueBase64].some((text) => (text?.length ?? 0) > maxValueLength);
  return {
    ...{ id, time, topic, partition, offset, key, reason, state },
    documentKey: keyOfDeadLetter(projection, letter) ?? null,
    value: value?.slice(0, maxValueLength) ?? null,
    valueBase64: valueBase64?.slice(0, maxValueLength) ?? null,
    isShortened: isLong || data.truncated === true,
    isWithheld: data.withheld === true,
  };
};
