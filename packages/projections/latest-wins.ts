type PlacePair = readonly [partition: number, offset: number];

/** What orders an event: its revision, and the place of its record, if known. */
type Ordered = { readonly revision: number; readonly place?: PlacePair };

/** A document that shows one event: its revision, and the place of its record, if known. */
export type Shown<State> = State & { readonly revision: number; readonly at?: PlacePair };

/** The document that shows the event. */
export const showEvent = <State extends object>(state: State, { revision, place }: Ordered): Shown<State> => ({
  ...state,
  revision,
  ...(place && { at: place }),
});

/**
 * Delivery is at least once and unordered: the highest revision wins. One revision with two contents is a fault of the publisher; then
 * the same one of them wins in any order of delivery. Of two copies of one event the first in the log is shown.
 */
export const latestWins = <State extends object>(held: Shown<State> | undefined, event: Shown<State>): Shown<State> =>
  held === undefined || (compare(event, held) || comparePlaces(held, event)) > 0 ? event : held;

/** Whether the event gives another content to the revision that the document shows. */
export const contradicts = <State extends object>(held: Shown<State> | undefined, event: Shown<State>): boolean =>
  held?.revision === event.revision && contentOf(held) !== contentOf(event);

const compare = <State extends object>(one: Shown<State>, other: Shown<State>): number => {
  if (one.revision !== other.revision) return one.revision - other.revision;
  const [content, otherContent] = [contentOf(one), contentOf(other)];
  return content === otherContent ? 0 : content > otherContent ? 1 : -1;
};

/** Which record is later in the log; 0 if a place is unknown. */
const comparePlaces = ({ at: one }: { at?: PlacePair }, { at: other }: { at?: PlacePair }): number =>
  one && other ? one[0] - other[0] || one[1] - other[1] : 0;

const contentOf = <State extends object>({ at: _, ...content }: Shown<State>): string =>
  JSON.stringify(Object.entries(content).sort(([one], [other]) => (one < other ? -1 : 1)));
