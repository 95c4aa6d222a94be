import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Thing, thingRecord, things } from '../../../tests/things.ts';
import { checkpointKey } from '../generations/checkpoint-document.ts';
import { StateConflict, type StateStore, type StoredValue, type Upsert } from '../state-store.ts';
import { parseBatch } from './parse-batch.ts';
import { projectionWriter } from './write.ts';

const partition = 0;
const position = checkpointKey(things.name, things.topic.name, partition);

/** Counts the writes of each key as Redis does: what was emptied begins again at 1, and an absent key takes any etag. */
const countingStore = () => {
  let held = new Map<string, StoredValue>();
  const asked: string[][] = [];
  const wentBack: string[] = [];
  let failAfter = Number.POSITIVE_INFINITY;

  const write = ({ key, value, etag }: Upsert): boolean => {
    const before = held.get(key);
    if (before && before.etag !== etag) return false;
    if (before && !key.startsWith('position') && (value as Thing).n < (before.value as Thing).n) wentBack.push(key);
    held.set(key, { value, etag: String(Number(before?.etag ?? 0) + 1) });
    return true;
  };
  const store: StateStore = {
    getMany: async (keys) => {
      asked.push([...keys]);
      return new Map(keys.flatMap((key) => (held.has(key) ? [[key, held.get(key) as StoredValue]] : [])));
    },
    transact: async (upserts) => {
      const applied = upserts.slice(0, failAfter);
      const refused = applied.filter((upsert) => !write(upsert)); // the others stay applied
      if (refused[0]) throw new StateConflict(refused[0].key);
      if (applied.length < upserts.length) throw new Error('the store is away');
    },
    etagAfter: (etag) => String(Number(etag ?? 0) + 1),
    remove: async (keys) => keys.forEach((key) => void held.delete(key)),
    check: async () => {},
  };
  return {
    store,
    asked,
    wentBack,
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
  const write = projectionWriter(things, { stores: () => store, newId: randomUUID, log: undefined });
  return (offset: number, ...changes: Thing[]) => {
    const batch = changes.map((thing, i) => thingRecord(thing, partition, offset + i));
    return parseBatch(things, batch).then(write);
  };
};
const thing = (key: string, n: number): Thing => ({ key, n });

describe('a writer whose store counts its writes', () => {
  it('reads a document once, and the position with every batch', async () => {
    const { store, asked, value } = countingStore();
    const deliver = writerOn(store);
    await deliver(0, thing('A', 1), thing('B', 1));
    asked.length = 0;
    await deliver(2, thing('A', 2), thing('B', 0));
    await deliver(4, thing('B', 3));
    expect(asked).toEqual([[position], [position]]);
    expect([value('A'), value('B')]).toEqual([thing('A', 2), thing('B', 3)]);
  });

  it('creates keys that it does not know without reading, where those before were new; and reads when it was wrong', async () => {
    const { store, asked, value } = countingStore();
    const deliver = writerOn(store);
    await deliver(0, thing('A', 1));
    await store.transact([{ key: 'C', value: thing('C', 9) }]);
    asked.length = 0;
    await deliver(1, thing('B', 1));
    expect(asked).toEqual([[position]]);
    await deliver(2, thing('C', 1));
    expect(value('C')).toEqual(thing('C', 9));
    asked.length = 0;
    await deliver(3, thing('D', 1));
    expect(asked).toEqual([['D', position]]);
  });

  it('reads what another writer of the partition may have written', async () => {
    const { store, asked, value } = countingStore();
    const [one, other] = [writerOn(store), writerOn(store)];
    await one(0, thing('A', 1));
    await other(1, thing('A', 5));
    asked.length = 0;
    await one(2, thing('A', 3));
    expect(asked).toEqual([[position], ['A', position]]);
    expect(value('A')).toEqual(thing('A', 5));
  });

  it('does not take a value of another time for its own, though both have the same etag', async () => {
    const { store, value, restore } = countingStore();
    const [one, other] = [writerOn(store), writerOn(store)];
    await one(0, thing('A', 1));
    restore(new Map());
    await other(0, thing('A', 5)); // the same etags and the same position as before
    await one(1, thing('A', 3));
    expect(value('A')).toEqual(thing('A', 5));
  });

  it('does not take a document for its own that was removed and made anew behind a rewritten list', async () => {
    const { store, value } = countingStore();
    const deliver = writerOn(store);
    await deliver(0, thing('A', 1));
    const held = (await store.getMany([position])).get(position) as StoredValue;
    await store.transact([{ key: position, ...held }]);
    await store.remove(['A']);
    await store.transact([{ key: 'A', value: thing('A', 5) }]);
    await deliver(1, thing('A', 3));
    expect(value('A')).toEqual(thing('A', 5));
  });

  it('reads again after a transaction of which it does not know what was written', async () => {
    const { store, asked, value, failAfter } = countingStore();
    const deliver = writerOn(store);
    await deliver(0, thing('A', 1), thing('B', 1));
    failAfter(1);
    await expect(deliver(2, thing('A', 2), thing('B', 2))).rejects.toThrow('away');
    failAfter(Number.POSITIVE_INFINITY);
    asked.length = 0;
    await deliver(2, thing('A', 2), thing('B', 2));
    expect(asked).toEqual([['A', 'B', position]]);
    expect([value('A'), value('B')]).toEqual([thing('A', 2), thing('B', 2)]);
  });

  it('never replaces a newer value, whichever process writes, whatever is lost and restored', async () => {
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
            // Two batches of one length make the positions of two writers alike.
            await deliver(4 * i, ...what.changes).catch(() => undefined);
            counting.failAfter(Number.POSITIVE_INFINITY);
            if (what.do === 'deliver')
              for (const { key, n } of what.changes) expect(counting.value(key)?.n).toBeGreaterThanOrEqual(n);
          }
        }
        expect(counting.wentBack).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
