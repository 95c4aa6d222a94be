/**
 * One copy of a view: its number, and the store that holds it, unless that is the primary store. Numbers are never
 * reused, so late writes into a deleted generation are never read.
 */
export type Generation = { readonly number: number; readonly store?: string };

export const isSameGeneration = (one: Generation, other: Generation): boolean =>
  one.number === other.number && one.store === other.store;

/** The key of a document in a generation. The first generation has plain keys. Document keys never contain a colon. */
export const documentKey = (number: number, key: string): string => (number === 1 ? key : `g${number}:${key}`);
