import { DomainError } from '../runtime/domain-error.ts';
import type { Checkpoint } from './checkpoints/checkpoint.ts';
import type { CheckpointDocument } from './generations/checkpoint-document.ts';
import type { Generation } from './generations/generation.ts';
import type { Pointer, Rebuild } from './generations/pointer.ts';

/**
 * `empty`: the generation that answers has never seen an event of the topic. `incomplete`: events are missing that the
 * topic once had, so what is shown may be out of date, and what is not there only missing here: the view refuses.
 * `rebuilding`: it is being filled, and refuses as well.
 */
export type Completeness = {
  readonly state: 'empty' | 'complete' | 'incomplete' | 'rebuilding';
  /** The one that answers. */
  readonly generation: Generation;
  /** How far that one has followed each partition. */
  readonly partitions: Record<number, Checkpoint>;
  /** How many documents unreadable records mark; each of them refuses alone. Of very many only some are counted. */
  readonly deadLetters?: number;
  /** Those that answered before and can be switched back to. */
  readonly previous?: readonly Generation[];
  readonly rebuild?: Rebuild;
};

/**
 * `documents` are those of the partitions, in their order, in the store of the generation that answers; `atHome` those of
 * the home, by which the writers know of that store.
 */
export const completenessOf = (
  { answering, unready, previous, rebuild }: Pointer,
  documents: readonly (CheckpointDocument | undefined)[],
  atHome: readonly (CheckpointDocument | undefined)[],
): Completeness => {
  const { store } = answering;
  const known = documents.flatMap((document, partition) => {
    const position = document?.generations[answering.number];
    return position && (position.applied >= 0 || position.lost) ? [[partition, position] as const] : [];
  });
  // A list without the generation that answers: it is not kept up to date.
  const unkept =
    documents.some((document) => document && !document.generations[answering.number]) ||
    (store !== undefined && atHome.some((document) => document && !document.also?.includes(store)));
  const gaps = unkept || known.some(([, { missing, lost }]) => missing.length > 0 || lost !== undefined);
  // A rebuild lists its generation in every partition, also where the log has no event yet.
  const isRebuilt = answering.number > 1 && documents.some((document) => document?.generations[answering.number]);
  const state = gaps ? 'incomplete' : known.length === 0 && !isRebuilt ? 'empty' : 'complete';
  const marked = new Set(known.flatMap(([, { deadLetters = [] }]) => deadLetters.map(([, key]) => key)));
  // There is at least one more than are listed.
  const deadLetters = marked.size + (known.some(([, { moreDeadLetters }]) => moreDeadLetters) ? 1 : 0);
  return {
    state: unready ? 'rebuilding' : state,
    generation: answering,
    partitions: Object.fromEntries(known),
    ...(deadLetters > 0 && { deadLetters }),
    ...(previous.length > 0 && { previous }),
    ...(rebuild && { rebuild }),
  };
};

const reasons = {
  missing: 'Events are missing from this view: what it shows may be out of date.',
  'log-truncated': 'The log was cut off before this view had read it: what it shows may be out of date.',
  'log-replaced': 'The log was deleted and created again, or lost its end: what this view shows may be out of date.',
} as const;

/** What a view may not be asked for, if anything. */
export const refusalOf = ({ state, partitions, rebuild }: Completeness): DomainError | undefined => {
  if (state === 'rebuilding')
    return new DomainError(
      'view-rebuilding',
      'This view is being filled again from the log; it answers when that is done.',
      { remedy: '/status says how far it is' },
    );
  if (state !== 'incomplete') return undefined;
  const lost = Object.values(partitions).find((position) => position.lost)?.lost;
  return new DomainError('view-incomplete', reasons[lost ?? 'missing'], {
    // What no log holds any more a rebuild from the log cannot bring.
    remedy: rebuild
      ? 'a rebuild has begun: /status says how far it is'
      : `npm run rebuild${lost ? ' -- --from-crm' : ''} repairs it; /status says what is missing`,
  });
};
