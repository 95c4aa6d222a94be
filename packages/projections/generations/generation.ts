/**
 * One copy of a view: its number, and the store that holds it, unless that is the primary store. Numbers are never
 * reused, so late writes into a deleted generation are never read.
 */
export type Generation = { readonly number: number; readonly store?: string };

export const isSameGeneration = (one: Generation, other: Generation): boolean =>
  one.number === other.number && one.store === other.store;

/** The key of a document in a generation. The first generation has plain keys. Document keys never contain a colon. */
export const documentKey = (number: number, key: string): string => (number === 1 ? key : `g${number}:${key}`);

/** The engine's own documents: `checkpointKey` and `pointerKey` create their keys. */
const engineKey = /^(position:|generation:)/;

/**
 * The inverse of `documentKey`; undefined for a key of the engine's own documents.
 * @throws Error when the key is neither
 */
export const parseDocumentKey = (storedKey: string): { number: number; key: string } | undefined => {
  if (engineKey.test(storedKey)) return undefined;
  const [prefix, number] = /^g(\d+):/.exec(storedKey) ?? ['', '1'];
  const key = storedKey.slice(prefix.length);
  if (key.includes(':')) throw new Error(`the key ${storedKey} contains a colon`);
  return { number: Number(number), key };
};
