import { DomainError } from '../domain-error.ts';
import type { Generation } from '../generations/generation.ts';
import type { Pointer, Rebuild } from '../generations/pointer.ts';
import type { PositionDocument } from '../generations/position-document.ts';
import type { Position } from './position.ts';

/**
 * `empty`: the generation that answers has never seen an event of the topic. `incomplete`: events are missing that the
 * topic once had, so what is shown may be out of date, and what is not there only missing here: nobody may ask it.
 * `rebuilding`: nobody may ask it yet.
 */
export type Completeness = {
  readonly state: 'empty' | 'complete' | 'incomplete' | 'rebuilding';
  /** The one that answers. */
  readonly generation: Generation;
  /** How far that one has followed each partition. */
  readonly partitions: Record<number, Position>;
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
  documents: readonly (PositionDocument | undefined)[],
  atHome: readonly (PositionDocument | undefined)[],
): Completeness => {
  const { store } = answering;
  const known = documents.flatMap((document, partition) => {
    const position = document?.generations[answering.number];
    return position && position.applied >= 0 ? [[partition, position] as const] : [];
  });
  // A list without the generation that answers: nobody keeps it up to date.
  const unkept =
    documents.some((document) => document && !document.generations[answering.number]) ||
    (store !== undefined && atHome.some((document) => document && !document.also?.includes(store)));
  const gaps = unkept || known.some(([, position]) => position.missing.length > 0);
  // A rebuild lists its generation in every partition, also where the log has no event yet.
  const isRebuilt = answering.number > 1 && documents.some((document) => document?.generations[answering.number]);
  const state = gaps ? 'incomplete' : known.length === 0 && !isRebuilt ? 'empty' : 'complete';
  return {
    state: unready ? 'rebuilding' : state,
    generation: answering,
    partitions: Object.fromEntries(known),
    ...(previous.length > 0 && { previous }),
    ...(rebuild && { rebuild }),
  };
};

/** What a view may not be asked for, if anything. */
export const refusalOf = ({ state }: Completeness): DomainError | undefined => {
  if (state === 'rebuilding')
    return new DomainError(
      'view-rebuilding',
      'This view is being filled again from the log; it answers when that is done.',
      { remedy: '/status says how far it is' },
    );
  if (state === 'incomplete')
    return new DomainError('view-incomplete', 'Events are missing from this view: what it shows may be out of date.', {
      remedy: 'npm run rebuild mends it; /status says what is missing',
    });
  return undefined;
};
