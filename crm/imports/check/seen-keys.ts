import { fingerprint } from '../../../packages/runtime/fingerprint.ts';

export type SeenKeys = {
  /** Adds the line of a key, unless the key was added before. */
  add(key: string, line: number): void;
  /** @returns the line on which the key was first seen; undefined if it was not */
  findLine(key: string): number | undefined;
};

const slotSize = 3;
/** With more used slots, a search would visit too many. */
const maxLoad = 0.75;

/**
 * Creates a map from each key of a file to the line on which it was first seen. It stores 12 bytes per slot: a 64-bit
 * fingerprint instead of the key, which collides once in about ten million files of a million rows.
 * @param expected how many keys to make room for, because growing needs three times the memory for a moment
 */
export const createSeenKeys = (expected = 3_000): SeenKeys => {
  let capacity = Math.ceil((expected + 1) / maxLoad);
  let slots = new Uint32Array(capacity * slotSize);
  let usedSlots = 0;

  /** Finds the slot of a fingerprint, or the free slot for it. A free slot has line 0. */
  const findSlot = (low: number, high: number): number => {
    for (let slot = Math.floor((low / 2 ** 32) * capacity); ; slot = slot + 1 < capacity ? slot + 1 : 0) {
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
      const [low, high, line] = [old[at] as number, old[at + 1] as number, old[at + 2] as number];
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
      if (usedSlots > capacity * maxLoad) grow();
    },
  };
};
