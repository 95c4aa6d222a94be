import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Thing, thingRecord, things } from '../../../tests/things.ts';
import { checkpointKey } from '../generations/checkpoint-document.ts';
import { StateConflict, type StateStore, type StoredValue, type Upsert } from '../state-store.ts';
import { parseBatch } from './parse-batch.ts';
import { createProjectionWriter } from './write.ts';

const partition = 0;
const checkpoint = checkpointKey(things.name, things.topic.name, partition);

/**
 * A store with etags like those of Redis: they count the writes of a key, begin again at 1 after the store was emptied,
 * and an absent key accepts any etag.
 */
const countingStore = () => {
  let held = new Map<string, StoredValue>();
  const reads: string[][] = [];
  const regressions: string[] = [];
  let failAfter = Number.POSITIVE_INFINITY;

  const write = ({ key, value, etag }: Upsert): boolean => {
    const before = held.get(key);
    if (before && before.etag !== etag) return false;
    if (before && !key.startsWith('position:') && (value as Thing).n < (before.value as Thing).n) regressions.push(key);
    held.set(key, { value, etag: String(Number(before?.etag ?? 0) + 1) });
    return true;
  };
  const store: StateStore = {
    getMany: async (keys) => {
      reads.push([...keys]);
      return new Map(keys.flatMap((key) => (held.has(key) ? [[key, held.get(key) as StoredValue]] : [])));
    },
    transact: async (upserts) => {
      const applied = upserts.slice(0, failAfter);
      const refused = applied.filter((upsert) => !write(upsert)); // The other upserts stay applied.
      if (refused[0]) throw new StateConflict(refused[0].key);
      if (applied.length < upserts.length) throw new Error('the store is unavailable');
    },
    etagAfter: (etag) => String(Number(etag ?? 0) + 1),
    remove: async (keys) => keys.forEach((key) => void held.delete(key)),
    check: async () => {},
  };
  return {
    store,
    reads,
    regressions,
    value: (key: string) => held.get(key)?.value as Thing | undefined,
    backup: () => new Map(held),
    restore: (backup: Map<string, StoredValue>) => {
      held = new Map(backup);
    },
    failAfter: (upserts: number) => {
      failAfter = upserts;
    },
  };
};

const writerOn = (store: StateStore) => {
  const write = createProjectionWriter(things, { stores: () => store, newId: randomUUID, log: undefined });
  return (offset: number, ...changes: Thing[]) => {
    const batch = changes.map((thing, i) => thingRecord(thing, partition, offset + i));
    return parseBatch(things, batch).then(write);
  };
};
const thing = (key: string, n: number): Thing => ({ key, n });

describe('a write-through cache', () => {
  it('reads a document once, and the checkpoint with every batch', async () => {
    const { store, reads, value } = countingStore();
    const deliver = writerOn(store);
    await deliver(0, thing('A', 1), thing('B', 1));
    reads.length = 0;
    await deliver(2, thing('A', 2), thing('B', 0));
    await deliver(4, thing('B', 3));
    expect(reads).toEqual([[checkpoint], [checkpoint]]);
    expect([value('A'), value('B')]).toEqual([thing('A', 2), thing('B', 3)]);
  });

  it('assumes that unknown keys are new after the last ones were, and reads after a conflict', async () => {
    const { store, reads, value } = countingStore();
    const deliver = writerOn(store);
    await deliver(0, thing('A', 1));
    await store.transact([{ key: 'C', value: thing('C', 9) }]);
    reads.length = 0;
    await deliver(1, thing('B', 1));
    expect(reads).toEqual([[checkpoint]]);
    await deliver(2, thing('C', 1));
    expect(value('C')).toEqual(thing('C', 9));
    reads.length = 0;
    await deliver(3, thing('D', 1));
    expect(reads).toEqual([['D', checkpoint]]);
  });

  it('reads documents again after another writer has written the partition', async () => {
    const { store, reads, value } = countingStore();
    const [one, other] = [writerOn(store), writerOn(store)];
    await one(0, thing('A', 1));
    await other(1, thing('A', 5));
    reads.length = 0;
    await one(2, thing('A', 3));
    expect(reads).toEqual([[checkpoint], ['A', checkpoint]]);
    expect(value('A')).toEqual(thing('A', 5));
  });

  it('does not use a cached value after the store was emptied, although the etags are the same', async () => {
    const { store, value, restore } = countingStore();
    const [one, other] = [writerOn(store), writerOn(store)];
    await one(0, thing('A', 1));
    restore(new Map());
    await other(0, thing('A', 5)); // This leads to the same etags and the same checkpoint as before.
    await one(1, thing('A', 3));
    expect(value('A')).toEqual(thing('A', 5));
  });

  it('does not use a cached value after its document was deleted and created again by another writer', async () => {
    const { store, value } = countingStore();
    const deliver = writerOn(store);
    await deliver(0, thing('A', 1));
    const held = (await store.getMany([checkpoint])).get(checkpoint) as StoredValue;
    await store.transact([{ key: checkpoint, ...held }]);
    await store.remove(['A']);
    await store.transact([{ key: 'A', value: thing('A', 5) }]);
    await deliver(1, thing('A', 3));
    expect(value('A')).toEqual(thing('A', 5));
  });

  it('reads again after a failed transaction, which may have been applied in part', async () => {
    const { store, reads, value, failAfter } = countingStore();
    const deliver = writerOn(store);
    await deliver(0, thing('A', 1), thing('B', 1));
    failAfter(1);
    await expect(deliver(2, thing('A', 2), thing('B', 2))).rejects.toThrow('unavailable');
    failAfter(Number.POSITIVE_INFINITY);
    reads.length = 0;
    await deliver(2, thing('A', 2), thing('B', 2));
    expect(reads).toEqual([['A', 'B', checkpoint]]);
    expect([value('A'), value('B')]).toEqual([thing('A', 2), thing('B', 2)]);
  });

  it('never replaces a newer value, with two writers and a store that is emptied and restored', async () => {
    const key = fc.constantFrom('A', 'B', 'C');
    const change = fc.record({ key, n: fc.nat(20) });
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ do: fc.constant('deliver' as const), writer: fc.nat(1), changes }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constantFrom('empty' as const, 'backup' as const, 'restore' as const) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('break' as const), writer: fc.nat(1), changes, at: fc.nat(3) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const counting = countingStore();
        const writers = [writerOn(counting.store), writerOn(counting.store)];
        let backup = counting.backup();
        for (const [i, what] of steps.entries()) {
          if (what.do === 'empty') counting.restore(new Map());
          else if (what.do === 'backup') backup = counting.backup();
          else if (what.do === 'restore') counting.restore(backup);
          else if ('writer' in what) {
            const deliver = writers[what.writer] as (typeof writers)[0];
            if (what.do === 'break') counting.failAfter(what.at);
            // Batches of the same length lead to equal checkpoints of both writers.
            await deliver(4 * i, ...what.changes).catch(() => undefined);
            counting.failAfter(Number.POSITIVE_INFINITY);
            if (what.do === 'deliver')
              for (const { key, n } of what.changes) expect(counting.value(key)?.n).toBeGreaterThanOrEqual(n);
          }
        }
        expect(counting.regressions).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
