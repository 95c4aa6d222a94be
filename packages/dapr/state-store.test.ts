import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { StateConflict, type Upsert } from '../projections/state-store.ts';
import type { Sidecar } from './sidecar.ts';
import { daprStateStore } from './state-store.ts';

type Operation = {
  operation: string;
  request: { key: string; value?: unknown; etag?: string; options?: { concurrency?: string } };
};

/** Whether a store takes a write, by the ETag that the key has, the one that is given, and the option. */
type Judges = (has: string | undefined, given: string | undefined, firstWrite: boolean) => boolean;
const byEtag: Judges = (has, given) => has === undefined || has === given;

/** A sidecar before a store that counts its writes; `events` tells when which keys were begun and over. */
const storeThatTakesTime = ({
  fails = (_keys: readonly string[]): boolean => false,
  judges = byEtag,
  rollsBack = false,
  type = 'state.redis',
} = {}) => {
  const component = { name: 'store', type, version: 'v1', judges };
  const held = new Map<string, { data: unknown; etag: string }>();
  const events: { what: 'begun' | 'over'; keys: string[] }[] = [];
  const apply = ({ operation, request: { key, value, etag, options } }: Operation): boolean => {
    const before = held.get(key);
    if (operation === 'delete') return held.delete(key) || true;
    if (!component.judges(before?.etag, etag, options?.concurrency === 'first-write')) return false;
    held.set(key, { data: value, etag: String(Number(before?.etag ?? 0) + 1) });
    return true;
  };
  const call: Sidecar['call'] = async (_method, path, body) => {
    if (path.endsWith('/bulk')) {
      const { keys } = body as { keys: string[] };
      return { status: 200, body: keys.map((key) => ({ key, ...held.get(key) })) };
    }
    const { operations } = body as { operations: Operation[] };
    const keys = operations.map(({ request }) => request.key);
    events.push({ what: 'begun', keys });
    for (let turns = keys.includes('key 0') ? 40 : 5; turns > 0; turns--) await nextTurn();
    const before = [...held];
    const taken = !fails(keys) && operations.every(apply);
    if (!taken && rollsBack) {
      held.clear();
      for (const [key, value] of before) held.set(key, value);
    }
    events.push({ what: 'over', keys });
    return { status: taken ? 204 : 500, body: {} };
  };
  const metadata: Sidecar['metadata'] = async () => ({ id: 'app', components: [component] });
  const store = daprStateStore({ call, metadata } as Sidecar, 'store', () => 'id');
  return { store, held, events, component, probed: () => events.splice(0) };
};

const upserts = (many: number): Upsert[] => Array.from({ length: many }, (_, i) => ({ key: `key ${i}`, value: i }));

it.each([
  { rollsBack: false, atOnce: 2 },
  { rollsBack: true, atOnce: 1 },
])('writes a long list in pieces, $atOnce at a time, and its last hundred when all others are over', async ({
  rollsBack,
  atOnce,
}) => {
  const { store, held, events, probed } = storeThatTakesTime({ rollsBack });
  await store.transact([{ key: 'first', value: 0 }]);
  expect([...held.keys()]).toEqual(['first']);
  probed();
  await store.transact(upserts(1_701));
  expect(held.size).toBe(1_702);
  const last = events.findIndex(({ what, keys }) => what === 'begun' && keys.includes('key 1700'));
  expect(events[last]?.keys).toEqual(
    expect.arrayContaining(
      upserts(1_701)
        .slice(-100)
        .map(({ key }) => key),
    ),
  );
  expect(events.slice(last).map(({ what }) => what)).toEqual(['begun', 'over']);
  const underway = events.map((_, i) =>
    events.slice(0, i + 1).reduce((sum, { what }) => sum + (what === 'begun' ? 1 : -1), 0),
  );
  expect(Math.max(...underway)).toBe(atOnce);
});

it('says that a piece failed when no other is written any more, and leaves the last ones unwritten', async () => {
  const { store, held, events } = storeThatTakesTime({ fails: (keys) => keys.includes('key 600') });
  await expect(store.transact(upserts(1_701))).rejects.toThrow();
  const begun = events.filter(({ what }) => what === 'begun').length;
  expect(events.filter(({ what }) => what === 'over')).toHaveLength(begun);
  expect(held.has('key 0')).toBe(true);
  expect(held.has('key 1700')).toBe(false);
});

describe('whatever a store takes for a guard, nothing is overwritten unseen:', () => {
  const always = () => true;
  const stores: readonly [string, Judges][] = [
    ['an ETag alone', byEtag],
    ['an ETag with first-write', (has, given, firstWrite) => (firstWrite ? byEtag(has, given, true) : true)],
    ['an ETag, and none for a key that is absent', (has, given) => has === given],
    ['the same, with first-write', (has, given, firstWrite) => !firstWrite || has === given],
  ];

  const types = ['state.redis', 'state.mysql'];
  const asEither = types.flatMap((type) => stores.map(([name, judges]) => [name, type, judges] as const));

  it.each(asEither)('%s, in a component that calls itself %s', async (_, type, judges) => {
    const { store, held } = storeThatTakesTime({ judges, type });
    await store.transact([{ key: 'key', value: 'first' }]);
    const etag = held.get('key')?.etag;
    await expect(store.transact([{ key: 'key', value: 'created again' }])).rejects.toThrow(StateConflict);
    await store.transact([{ key: 'key', value: 'second', etag }]);
    await expect(store.transact([{ key: 'key', value: 'stale', etag }])).rejects.toThrow(StateConflict);
    expect([...held]).toEqual([['key', { data: 'second', etag: '2' }]]);
  });

  it.each<[string, Judges]>([
    ['nothing', always],
    ['what is there, not what it was', (has, given) => has === undefined || (given !== undefined && given !== '-1')],
  ])('%s: it holds no view', async (_, judges) => {
    for (const type of types) {
      const { store } = storeThatTakesTime({ judges, type });
      await expect(store.transact([{ key: 'key', value: 1 }])).rejects.toThrow(/cannot hold a view/);
    }
  });
});

const likeMySql: Judges = (has, given, firstWrite) => !firstWrite || has === given;
const likeRedis: Judges = (has, given) => has === undefined || given === undefined || has === given;

it('needs three refusals of state.mysql to find its guard, for the sidecar logs each as an error', async () => {
  let refused = 0;
  const judges: Judges = (...asked) => {
    const isTaken = likeMySql(...asked);
    if (!isTaken) refused++;
    return isTaken;
  };
  const { store } = storeThatTakesTime({ judges, type: 'state.mysql', rollsBack: true });
  await store.transact([{ key: 'key', value: 1 }]);
  expect(refused).toBe(3);
});

it('creates nothing over what is there after the sidecar has put Redis in the place of MySQL', async () => {
  const { store, held, component } = storeThatTakesTime({ judges: likeMySql, type: 'state.mysql' });
  await store.transact([{ key: 'key', value: 'in MySQL' }]);
  Object.assign(component, { type: 'state.redis', judges: likeRedis });
  held.clear();
  held.set('key', { data: 'in Redis', etag: '1' });
  await expect(store.transact([{ key: 'key', value: 'again' }])).rejects.toThrow(StateConflict);
  expect(held.get('key')?.data).toBe('in Redis');
});
