/**
 * One filling of a view: its number, and the store that holds it where that is not the one that the service names
 * (its home). Numbers are never given twice, so what a late writer leaves of a generation that is gone is never read.
 */
export type Generation = { readonly number: number; readonly store?: string };

export const isSame = (one: Generation, other: Generation): boolean =>
  one.number === other.number && one.store === other.store;

/** Where a generation keeps a document. The first has plain keys; document keys never contain a colon. */
export const documentKey = (number: number, key: string): string => (number === 1 ? key : `g${number}:${key}`);
