import { sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../tests/eventually.ts';
import { rebuildsOf } from '../../tests/rebuild-of-things.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { openLaterThingViews, openThingViews } from '../../tests/thing-views.ts';
import { type Thing, things } from '../../tests/things.ts';
import type { DatabaseUrl } from '../database/database-url.ts';
import { openEmbeddedPlatform } from '../embedded/platform.ts';
import { createStores } from '../projections/generations/index.ts';
import { startProjection } from '../projections/projection.ts';
import { rebuild, retire, switchBack } from '../projections/rebuild/index.ts';
import { StateConflict, type Upsert } from '../projections/state-store.ts';
import { openView } from '../projections/view.ts';

/** What every database of views must do. `createUrl` empties the database. */
export const viewDatabaseContract = (createUrl: () => Promise<DatabaseUrl>): void => {
  const open = async (url?: DatabaseUrl) => {
    const views = await openThingViews(url ?? (await createUrl()));
    onTestFinished(views.close);
    return views;
  };
  type Views = Awaited<ReturnType<typeof open>>;
  const put = (key: string, value: object, etag?: string): Upsert => ({ key, value, etag });
  const readRows = ({ db }: Views) =>
    db
      .selectFrom('things')
      .select(['generation', 'key', 'version', 'n'])
      .orderBy('generation')
      .orderBy('key')
      .execute();

  it('applies all upserts of a transaction, or none if one of them conflicts', async () => {
    const views = await open();
    await views.things.transact([put('a', { n: 1 }), put('position:things:topic:0', { applied: 1 })]);
    for (const conflicting of [put('b', { n: 2 }, '1'), put('a', { n: 2 }), put('a', { n: 2 }, '2')])
      for (const upserts of [
        [put('c', { n: 2 }), conflicting, put('position:things:topic:0', { applied: 2 }, '1')],
        [put('position:things:topic:0', { applied: 2 }, '1'), conflicting],
      ])
        await expect(views.things.transact(upserts)).rejects.toBeInstanceOf(StateConflict);
    const stale = [put('c', { n: 2 }), put('a', { n: 2 }, '1'), put('position:things:topic:0', { applied: 2 }, '7')];
    await expect(views.things.transact(stale)).rejects.toBeInstanceOf(StateConflict);
    expect(await readRows(views)).toEqual([{ generation: 1, key: 'a', version: 1, n: 1 }]);
    const held = await views.things.getMany(['position:things:topic:0']);
    expect([...held.values()]).toEqual([{ value: { applied: 1 }, etag: '1' }]);
  });

  it('lets one of several transactions create a key, and applies nothing of the others', async () => {
    const url = await createUrl();
    const [one, two] = [await open(url), await open(url)];
    for (let round = 0; round < 20; round++) {
      const create = (name: string, { things: store }: Views) =>
        store.transact([put(`${round}-${name}`, { n: 1 }), put(`${round}-shared`, { name })]).then(
          () => name,
          (error) => error,
        );
      const outcomes = await Promise.all([create('a', one), create('b', two), create('c', one), create('d', two)]);
      const created = outcomes.filter((outcome) => typeof outcome === 'string');
      expect(created).toHaveLength(1);
      for (const refused of outcomes.filter((outcome) => typeof outcome !== 'string'))
        expect(refused).toBeInstanceOf(StateConflict);
      const keys = ['a', 'b', 'c', 'd', 'shared'].map((name) => `${round}-${name}`);
      const held = await one.things.getMany(keys);
      expect([...held.keys()].toSorted()).toEqual([`${round}-${created[0]}`, `${round}-shared`]);
      expect(held.get(`${round}-shared`)?.value).toEqual({ name: created[0] });
    }
  });

  it('keeps the columns as the document is, and NULL where it has no value', async () => {
    const views = await open();
    const read = () => views.db.selectFrom('things').select(['n', 'deadLetters', 'isErased', 'version']).execute();
    await views.things.transact([put('a', { n: 1_795_251_600_000 })]);
    expect(await read()).toEqual([{ n: 1_795_251_600_000, deadLetters: 0, isErased: 0, version: 1 }]);
    await views.things.transact([
      put(
        'a',
        {
          owner: 'x',
          deadLetters: [
            [0, 1],
            [1, 7],
          ],
        },
        '1',
      ),
    ]);
    expect(await read()).toEqual([{ n: null, deadLetters: 2, isErased: 0, version: 2 }]);
    await views.things.transact([put('a', { n: 3, isErased: true }, '2')]);
    expect(await read()).toEqual([{ n: 3, deadLetters: 0, isErased: 1, version: 3 }]);
    await views.things.transact([put('a', { deadLetters: [[0, 1]] }, '3')]);
    expect(await read()).toEqual([{ n: null, deadLetters: 1, isErased: 0, version: 4 }]);
  });

  it('has no erased bytes some time after an erasure', async () => {
    const views = await open();
    await views.things.transact([put('a', { n: 1, owner: 'x' })]);
    await views.things.transact([put('a', { n: 1, isErased: true }, '1')]);
    await eventually(async () => expect(await views.hasErasedBytes()).toBe(false));
  });

  it('writes and reads 10,000 documents in one call, and replaces them', async () => {
    const views = await open();
    const keys = Array.from({ length: 10_000 }, (_, n) => `K${n}`);
    await views.things.transact(keys.map((key, n) => put(key, { n })));
    await views.things.transact(keys.map((key, n) => put(key, { n: n + 1, text: 'é'.repeat(200) }, '1')));
    const held = await views.things.getMany(keys);
    expect(keys.map((key) => (held.get(key)?.value as Thing).n)).toEqual(keys.map((_, n) => n + 1));
    const { count } = await views.db
      .selectFrom('things')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('generation', '=', 1)
      .where('n', '>', 5_000)
      .executeTakeFirstOrThrow();
    expect(count).toBe(5_000);
  });

  it('compares keys byte by byte', async () => {
    const views = await open();
    await views.things.transact(['a', 'A', 'ä', 'a\u0308'].map((key) => put(key, { key })));
    const held = await views.things.getMany(['A', 'ä', 'Ä']);
    expect([...held].map(([key, { value }]) => [key, value])).toEqual([
      ['A', { key: 'A' }],
      ['ä', { key: 'ä' }],
    ]);
  });

  it('refuses keys of an unknown view, and applies nothing', async () => {
    const views = await open();
    const unknown = views.store.transact([put('things/a', { n: 1 }), put('others/a', { n: 1 })]);
    await expect(unknown).rejects.toThrow('others/a');
    expect(await readRows(views)).toEqual([]);
  });

  it('is created by several processes that open it at the same time', async () => {
    const url = await createUrl();
    const [one] = await Promise.all([open(url), open(url), open(url)]);
    await one?.things.transact([put('a', { n: 1 })]);
    expect((await (await open(url)).things.getMany(['a'])).get('a')?.value).toEqual({ n: 1 });
  });

  it('adds the column and the index of a later release, and fills the column from the documents', async () => {
    const url = await createUrl();
    const views = await open(url);
    const keys = Array.from({ length: 1_200 }, (_, n) => `K${n}`);
    await views.things.transact(
      keys.flatMap((key, n) => [put(key, { n, owner: `owner ${n}` }), put(`g2:${key}`, { n })]),
    );
    const filled = async (later: Awaited<ReturnType<typeof openLaterThingViews>>) => {
      const rows = await later.db.selectFrom('things').select(['generation', 'n', 'owner', 'version']).execute();
      expect(rows).toHaveLength(2_400);
      for (const { generation, n, owner, version } of rows)
        expect([owner, version]).toEqual([generation === 1 ? `owner ${n}` : null, 1]);
    };
    const [later, another] = await Promise.all([openLaterThingViews(url), openLaterThingViews(url)]);
    onTestFinished(another.close);
    await filled(later);

    // As a kill in the middle leaves it.
    await later.db.updateTable('things').set({ owner: null }).where('n', '>', 700).execute();
    await sql`update viewColumns set isFilled = 0`.execute(later.db);
    await later.close();
    const again = await openLaterThingViews(url);
    onTestFinished(again.close);
    await filled(again);
  });

  it('refuses writes of a process of another release, whose rows would lack columns', async () => {
    const url = await createUrl();
    const old = await open(url);
    await old.things.transact([put('a', { n: 1 })]);
    const later = await openLaterThingViews(url);
    onTestFinished(later.close);
    const refusal = /another release has opened the database with other columns of things/;
    await expect(old.things.transact([put('a', { n: 2 }, '1')])).rejects.toThrow(refusal);
    await expect(old.things.transact([put('b', { n: 2 })])).rejects.toThrow(refusal);
    await expect(old.store.check()).rejects.toThrow(refusal);
    expect([...(await old.things.getMany(['a', 'b'])).values()]).toEqual([{ value: { n: 1 }, etag: '1' }]);
    await later.store.transact([put('things/a', { n: 2, owner: 'x' }, '1')]);
    await later.store.check();

    // The old release may be started again: it writes with its own columns, and the later one fills them when it returns.
    const returned = await open(url);
    await returned.things.transact([put('a', { n: 3, owner: 'y' }, '2')]);
    await expect(later.store.transact([put('things/a', { n: 4 }, '3')])).rejects.toThrow(refusal);
    const upgraded = await openLaterThingViews(url);
    onTestFinished(upgraded.close);
    expect(await upgraded.db.selectFrom('things').select(['n', 'owner']).execute()).toEqual([{ n: 3, owner: 'y' }]);
  });

  it('is rebuilt by the engine into a second generation next to the first, switched, and switched back', async () => {
    const views = await open();
    const platform = openEmbeddedPlatform(':memory:', [things.topic, things.deadLetters]);
    onTestFinished(platform.close);
    const bus = platform.eventBus('live');
    let published = 0;
    const publish = (...changes: Thing[]) =>
      bus.publish(
        things.topic.name,
        changes.map((thing) => ({ id: `${published++}`, key: thing.key, value: Buffer.from(JSON.stringify(thing)) })),
      );
    const live = await startProjection(things, { ...createTestRuntime(), bus, store: views.things });
    onTestFinished(() => live.close());
    const view = openView<Thing>(things, views.things);
    const caughtUp = () =>
      eventually(async () => {
        const { partitions } = await view.completeness();
        expect(Object.values(partitions).reduce((sum, { applied }) => sum + applied + 1, 0)).toBe(published);
      });
    const context = {
      ...rebuildsOf(platform, { recheckAfterMs: 20 }).context(),
      stores: createStores({ store: views.things }),
    };
    const keys = Array.from({ length: 300 }, (_, n) => `K${n}`);
    await publish(...keys.map((key, n) => ({ key, n })));
    await caughtUp();
    // The live view is wrong about one document.
    await views.things.transact([put('K7', { key: 'K7', n: 1_000 }, '1')]);

    const refused = await rebuild(context, { inPlace: false, acceptDifferences: false });
    expect(refused).toMatchObject({ switched: false });
    const outcome = await rebuild(context, { inPlace: false, acceptDifferences: true });
    expect(outcome).toMatchObject({ switched: true, generation: { number: 2 } });
    // A reader may use the old pointer for a second.
    const soon = { timeout: 10_000 };
    await eventually(async () => expect(await view.get('K7')).toEqual({ key: 'K7', n: 7 }), soon);
    await publish({ key: 'K8', n: 2_000 });
    await caughtUp();
    const shown = async () => (await readRows(views)).filter(({ key }) => ['K7', 'K8'].includes(key));
    expect((await shown()).map(({ generation, n }) => [generation, n])).toEqual([
      [1, 1_000],
      [1, 2_000],
      [2, 7],
      [2, 2_000],
    ]);

    expect(await switchBack(context)).toMatchObject({ number: 1 });
    await eventually(async () => expect(await view.get('K7')).toEqual({ key: 'K7', n: 1_000 }), soon);
    expect((await view.completeness()).generation).toEqual({ number: 1 });
    // The log does not have this key, as after the loss of the log.
    await views.things.transact([put('g2:LOST', { key: 'LOST', n: 1 })]);
    await retire(context);
    expect(new Set((await readRows(views)).map(({ generation }) => generation))).toEqual(new Set([1]));
    expect(await view.get('K8')).toEqual({ key: 'K8', n: 2_000 });
  });
};
