import { fingerprint } from '../../../packages/runtime/fingerprint.ts';

export type SeenKeys = {
  /** Remembers the line of a key that was not seen before. */
  add(key: string, line: number): void;
  /** The line on which the key was first seen. */
  findLine(key: string): number | undefined;
};

const slotSize = 3;
const initialCapacity = 1 << 12;

/**
 * Remembers on which line each key of a file was first seen, in 12 bytes a slot and without the keys: two that differ share
 * their 64-bit fingerprint once in some ten million files of a million rows.
 */
export const createSeenKeys = (): SeenKeys => {
  let capacity = initialCapacity;
  let slots = new Uint32Array(capacity * slotSize);
  let usedSlots = 0;

  /** The slot of a fingerprint, or the free one where it belongs. Line 0 is a free slot. */
  const findSlot = (low: number, high: number): number => {
    for (let slot = low & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
      const at = slot * slotSize;
      if (slots[at + 2] === 0 || (slots[at] === low && slots[at + 1] === high)) return at;
    }
  };

  const put = (at: number, low: number, high: number, line: number) => {
    slots[at] = low;
    slots[at + 1] = high;
    slots[at + 2] = line;
  };

  const grow = () => {
    const old = slots;
    capacity *= 2;
    slots = new Uint32Array(capacity * slotSize);
    for (let at = 0; at < old.length; at += slotSize) {
      const [low = 0, high = 0, line = 0] = old.subarray(at, at + slotSize);
      if (line !== 0) put(findSlot(low, high), low, high, line);
    }
  };

  const lowOf = (key: string) => fingerprint(key, 0x9e3779b9);
  const highOf = (key: string) => fingerprint(key, 0x85ebca6b);

  return {
    findLine: (key) => slots[findSlot(lowOf(key), highOf(key)) + 2] || undefined,
    add: (key, line) => {
      const low = lowOf(key);
      const high = highOf(key);
      const at = findSlot(low, high);
      if (slots[at + 2] !== 0) return;
      put(at, low, high, line);
      usedSlots++;
      if (usedSlots > capacity * 0.7) grow();
    },
  };
};
