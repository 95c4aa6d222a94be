import { fingerprint } from './fingerprint.ts';

/**
 * A set of very many keys with eight bytes per key. It stores 53-bit hashes, so about one absent key in 10^9 is reported as present.
 * Add all keys before the first `has`, because `has` sorts the hashes.
 */
export type KeySet = { add(key: string): void; has(key: string): boolean };

/** Creates an empty set of keys. */
export const createKeySet = (): KeySet => {
  let hashes = new Float64Array(1024);
  let size = 0;
  let sorted = true;
  return {
    add: (key) => {
      if (size === hashes.length) {
        const larger = new Float64Array(size * 2);
        larger.set(hashes);
        hashes = larger;
      }
      hashes[size++] = hash(key);
      sorted = false;
    },
    has: (key) => {
      if (!sorted) hashes.subarray(0, size).sort();
      sorted = true;
      return includes(hashes, size, hash(key));
    },
  };
};

const includes = (sorted: Float64Array, size: number, wanted: number) => {
  let [low, high] = [0, size];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low < size && sorted[low] === wanted;
};

const hash = (key: string) => fingerprint(key, 0x811c9dc5) * 2 ** 21 + (fingerprint(key, 0x9747b28c) >>> 11);
