import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { StateConflict, type StateStore, type Upsert } from './state-store.ts';

/** The contract of the state store; every adapter runs it. The suite expects nothing of a transaction that failed. */
export const stateStoreContract = (open: () => Promise<StateStore>) => {
  const openWithOwnKeys = async () => {
    const store = await open();
    const own = `K-${randomUUID()}`;
    return { store, key: (n: number) => `${own}-${n}` };
  };
  const persist = async (store: StateStore, write: () => Promise<void>): Promise<void> => {
    for (let attempt = 0; attempt < 100; attempt++) {
      const failure = await write().then(
        () => undefined,
        (error: Error) => error,
      );
      if (!failure || failure instanceof StateConflict) return failure && Promise.reject(failure);
    }
    throw new Error(`${store} did not answer`);
  };
  const read = async (store: StateStore, keys: string[]) => {
    for (;;) {
      const held = await store.getMany(keys).catch(() => undefined);
      if (held) return held;
    }
  };
  /** Replaces the values of the keys, whatever they are: reads, decides, and writes with the etags that were read. */
  const put = async (store: StateStore, keys: string[], value: unknown) => {
    for (;;) {
      const held = await read(store, keys);
      const upserts = keys.map((key): Upsert => ({ key, value, etag: held.get(key)?.etag }));
      if (
        await store.transact(upserts).then(
          () => true,
          () => false,
        )
      )
        return;
    }
  };

  it('has no value for a key that was never written', async () => {
    const { store, key } = await openWithOwnKeys();
    expect(await read(store, [key(1), key(2)])).toEqual(new Map());
  });

  it('returns every kind of JSON value unchanged', async () => {
    const { store, key } = await openWithOwnKeys();
    const value = { text: 'é ☃ "quoted" \\ \u2028', big: 1795251600000, nested: [{ a: null }, true, -1], empty: {} };
    await put(store, [key(1)], value);
    expect((await read(store, [key(1)])).get(key(1))?.value).toEqual(value);
  });

  it('replaces a value against its etag, and changes the etag', async () => {
    const { store, key } = await openWithOwnKeys();
    await put(store, [key(1)], { n: 1 });
    const before = (await read(store, [key(1)])).get(key(1));
    await put(store, [key(1)], { n: 2 });
    const after = (await read(store, [key(1)])).get(key(1));
    expect(after?.value).toEqual({ n: 2 });
    expect(after?.etag).not.toBe(before?.etag);
  });

  it('refuses to replace against an etag that is no longer current', async () => {
    const { store, key } = await openWithOwnKeys();
    await put(store, [key(1)], { n: 1 });
    const { etag } = (await read(store, [key(1)])).get(key(1)) as { etag: string };
    await put(store, [key(1)], { n: 2 });
    await expect(refusal(store, { key: key(1), value: { n: 3 }, etag })).resolves.toBeInstanceOf(StateConflict);
    expect((await read(store, [key(1)])).get(key(1))?.value).toEqual({ n: 2 });
  });

  it('refuses to create a key that another writer has created since it was read', async () => {
    const { store, key } = await openWithOwnKeys();
    expect(await read(store, [key(1)])).toEqual(new Map());
    await put(store, [key(1)], { by: 'another' });
    await expect(refusal(store, { key: key(1), value: { by: 'us' } })).resolves.toBeInstanceOf(StateConflict);
    expect((await read(store, [key(1)])).get(key(1))?.value).toEqual({ by: 'another' });
  });

  it('predicts the etag after a write correctly, or not at all', async () => {
    const { store, key } = await openWithOwnKeys();
    await put(store, [key(1)], { n: 1 });
    const created = (await read(store, [key(1)])).get(key(1));
    await put(store, [key(1)], { n: 2 });
    const replaced = (await read(store, [key(1)])).get(key(1));
    const predicted = [store.etagAfter?.(undefined), store.etagAfter?.(created?.etag)];
    expect([
      [created?.etag, replaced?.etag],
      [undefined, undefined],
    ]).toContainEqual(predicted);
  });

  it('writes many keys in one transaction and reads them in one call', async () => {
    const { store, key } = await openWithOwnKeys();
    const keys = Array.from({ length: 1200 }, (_, n) => key(n));
    await put(store, keys, { n: 1 });
    await put(store, keys, { n: 2 });
    const held = await read(store, keys);
    expect(held.size).toBe(1200);
    expect([...held.values()].every(({ value }) => (value as { n: number }).n === 2)).toBe(true);
  });

  it('removes the given keys, existing or not, and no others', async () => {
    const { store, key } = await openWithOwnKeys();
    const keys = Array.from({ length: 1200 }, (_, n) => key(n));
    await put(store, keys, { n: 1 });
    await persist(store, () => store.remove([...keys.slice(1), key(5000)]));
    expect([...(await read(store, keys)).keys()]).toEqual([key(0)]);
    await put(store, [key(1)], { n: 2 });
    expect((await read(store, [key(1)])).get(key(1))?.value).toEqual({ n: 2 });
  });

  it('loses no increment of concurrent writers', async () => {
    const { store, key } = await openWithOwnKeys();
    const increment = async () => {
      for (;;) {
        const held = (await read(store, [key(1)])).get(key(1));
        const by = [...((held?.value as { by: string[] })?.by ?? []), randomUUID()];
        const mine = by.at(-1);
        await store.transact([{ key: key(1), value: { by }, etag: held?.etag }]).catch(() => undefined);
        // A transaction that failed may have been applied, so we read the store.
        const now = (await read(store, [key(1)])).get(key(1));
        if ((now?.value as { by: string[] })?.by.includes(mine as string)) return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, increment));
    const held = (await read(store, [key(1)])).get(key(1));
    expect(held?.value).toMatchObject({ by: { length: 20 } });
  });

  it('is ready', async () => {
    const { store } = await openWithOwnKeys();
    await expect(store.check()).resolves.toBeUndefined();
  });

  /** The final outcome of an upsert; failures other than a conflict are retried. */
  const refusal = (store: StateStore, upsert: Upsert) =>
    persist(store, () => store.transact([upsert])).then(
      () => 'not refused',
      (error) => error,
    );
};
