import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { serveStateOverGrpc } from '../../tests/state-over-grpc.ts';
import { StateConflict, type Upsert } from '../projections/state-store.ts';
import type { Sidecar } from './sidecar.ts';
import { createDaprStateStore } from './state-store.ts';

type Operation = {
  operation: string;
  request: { key: string; value?: unknown; etag?: string; options?: { concurrency?: string } };
};

/** Whether a store accepts a write, by the current ETag of the key, the given ETag, and the concurrency option. */
type AcceptsWrite = (has: string | undefined, given: string | undefined, firstWrite: boolean) => boolean;
const byEtag: AcceptsWrite = (has, given) => has === undefined || has === given;

const transports = ['http', 'grpc'] as const;

/**
 * A sidecar with a slow store whose ETags count the writes; `events` records when each write begins and ends. Only state.redis stores
 * the values of gRPC calls as they are.
 */
const createSlowStore = ({
  over = 'http' as (typeof transports)[number],
  fails = (_keys: readonly string[]): boolean => false,
  acceptsWrite = byEtag,
  rollsBack = false,
  type = 'state.redis',
  maxKeys = Number.POSITIVE_INFINITY,
} = {}) => {
  const component = { name: 'store', type, version: 'v1', acceptsWrite };
  const stored = new Map<string, { data: unknown; etag: string }>();
  const events: { what: 'start' | 'end'; keys: string[] }[] = [];
  const apply = ({ operation, request: { key, value, etag, options } }: Operation): boolean => {
    const before = stored.get(key);
    if (operation === 'delete') return stored.delete(key) || true;
    if (!component.acceptsWrite(before?.etag, etag, options?.concurrency === 'first-write')) return false;
    stored.set(key, { data: value, etag: String(Number(before?.etag ?? 0) + 1) });
    return true;
  };
  const call: Sidecar['call'] = async (_method, path, body) => {
    if (path.endsWith('/bulk')) {
      const { keys } = body as { keys: string[] };
      return { status: 200, body: keys.map((key) => ({ key, ...stored.get(key) })) };
    }
    const { operations } = body as { operations: Operation[] };
    const keys = operations.map(({ request }) => request.key);
    if (keys.length > maxKeys) return { status: 413, body: { message: 'refused' } };
    events.push({ what: 'start', keys });
    for (let turns = keys.includes('key 0') ? 40 : 5; turns > 0; turns--) await nextTurn();
    const before = [...stored];
    const taken = !fails(keys) && operations.every(apply);
    if (!taken && rollsBack) {
      stored.clear();
      for (const [key, value] of before) stored.set(key, value);
    }
    events.push({ what: 'end', keys });
    return { status: taken ? 204 : 500, body: { message: 'refused' } };
  };
  const metadata: Sidecar['metadata'] = async () => ({ id: 'app', components: [component] });
  const grpc = over === 'grpc' ? serveStateOverGrpc(call, () => component.type !== 'state.redis') : undefined;
  const store = createDaprStateStore({ call, metadata, grpc } as Sidecar, 'store', () => 'id');
  return { store, stored, events, component, probed: () => events.splice(0) };
};

const upserts = (many: number): Upsert[] => Array.from({ length: many }, (_, i) => ({ key: `key ${i}`, value: i }));

describe.each(transports)('a state store over %s', (over) => {
  it.each([
    { rollsBack: false, concurrency: 2 },
    { rollsBack: true, concurrency: 1 },
  ])('writes a long list in chunks, $concurrency at a time, and its last hundred after all others', async ({
    rollsBack,
    concurrency,
  }) => {
    const { store, stored, events, probed } = createSlowStore({ over, rollsBack });
    await store.transact([{ key: 'first', value: 0 }]);
    expect([...stored.keys()]).toEqual(['first']);
    probed();
    await store.transact(upserts(7_001));
    expect(stored.size).toBe(7_002);
    const last = events.findIndex(({ what, keys }) => what === 'start' && keys.includes('key 7000'));
    expect(events[last]?.keys).toEqual(
      expect.arrayContaining(
        upserts(7_001)
          .slice(-100)
          .map(({ key }) => key),
      ),
    );
    expect(events.slice(last).map(({ what }) => what)).toEqual(['start', 'end']);
    const inFlight = events.map((_, i) =>
      events.slice(0, i + 1).reduce((sum, { what }) => sum + (what === 'start' ? 1 : -1), 0),
    );
    expect(Math.max(...inFlight)).toBe(concurrency);
  });

  it('rejects a failed chunk after all other chunks have settled, and leaves the last chunk unwritten', async () => {
    const { store, stored, events } = createSlowStore({ over, fails: (keys) => keys.includes('key 2600') });
    await expect(store.transact(upserts(7_001))).rejects.toThrow();
    const started = events.filter(({ what }) => what === 'start').length;
    expect(events.filter(({ what }) => what === 'end')).toHaveLength(started);
    expect(stored.has('key 0')).toBe(true);
    expect(stored.has('key 7000')).toBe(false);
  });

  describe('a store never overwrites a changed value, whatever precondition it supports:', () => {
    const always = () => true;
    const stores: readonly [string, AcceptsWrite][] = [
      ['an ETag alone', byEtag],
      ['an ETag with first-write', (has, given, firstWrite) => (firstWrite ? byEtag(has, given, true) : true)],
      ['an ETag, and none for a key that is absent', (has, given) => has === given],
      ['the same, with first-write', (has, given, firstWrite) => !firstWrite || has === given],
    ];

    const types = ['state.redis', 'state.mysql'];
    const asEither = types.flatMap((type) => stores.map(([name, acceptsWrite]) => [name, type, acceptsWrite] as const));

    it.each(asEither)('%s, in a component of type %s', async (_, type, acceptsWrite) => {
      const { store, stored } = createSlowStore({ over, acceptsWrite, type });
      await store.transact([{ key: 'key', value: 'first' }]);
      const etag = stored.get('key')?.etag;
      await expect(store.transact([{ key: 'key', value: 'created again' }])).rejects.toThrow(StateConflict);
      await store.transact([{ key: 'key', value: 'second', etag }]);
      await expect(store.transact([{ key: 'key', value: 'stale', etag }])).rejects.toThrow(StateConflict);
      expect([...stored]).toEqual([['key', { data: 'second', etag: '2' }]]);
    });

    it.each<[string, AcceptsWrite]>([
      ['no precondition', always],
      ['existence of the key only', (has, given) => has === undefined || (given !== undefined && given !== '-1')],
    ])('%s: the store cannot hold a view', async (_, acceptsWrite) => {
      for (const type of types) {
        const { store } = createSlowStore({ over, acceptsWrite, type });
        await expect(store.transact([{ key: 'key', value: 1 }])).rejects.toThrow(/cannot hold a view/);
      }
    });
  });

  const likeMySql: AcceptsWrite = (has, given, firstWrite) => !firstWrite || has === given;
  const likeRedis: AcceptsWrite = (has, given) => has === undefined || given === undefined || has === given;

  it('finds the precondition of state.mysql with three refusals, because the sidecar logs each as an error', async () => {
    let refused = 0;
    const acceptsWrite: AcceptsWrite = (...attempt) => {
      const isTaken = likeMySql(...attempt);
      if (!isTaken) refused++;
      return isTaken;
    };
    const { store } = createSlowStore({ over, acceptsWrite, type: 'state.mysql', rollsBack: true });
    await store.transact([{ key: 'key', value: 1 }]);
    expect(refused).toBe(3);
  });

  it('never creates over an existing key after the sidecar has swapped MySQL for Redis', async () => {
    const { store, stored, component } = createSlowStore({ over, acceptsWrite: likeMySql, type: 'state.mysql' });
    await store.transact([{ key: 'key', value: 'in MySQL' }]);
    Object.assign(component, { type: 'state.redis', acceptsWrite: likeRedis });
    stored.clear();
    stored.set('key', { data: 'in Redis', etag: '1' });
    await expect(store.transact([{ key: 'key', value: 'again' }])).rejects.toThrow(StateConflict);
    expect(stored.get('key')?.data).toBe('in Redis');
  });

  it('never stores base64 after the sidecar has swapped Redis for MySQL', async () => {
    const { store, stored, component } = createSlowStore({ over });
    await store.transact([{ key: 'key', value: 'in Redis' }]);
    const acceptsWrite: AcceptsWrite = (has, given, firstWrite) =>
      given === undefined ? has === undefined || !firstWrite : has === given;
    Object.assign(component, { type: 'state.mysql', acceptsWrite });
    stored.clear();
    stored.set('other', { data: 'in MySQL', etag: 'f3a' });
    await expect(store.transact([{ key: 'key', value: 'again', etag: '1' }])).rejects.toThrow(StateConflict);
    await expect(store.transact([{ key: 'other', value: 'again' }])).rejects.toThrow(StateConflict);
    await expect(store.transact([{ key: 'key', value: 'again' }])).rejects.toThrow('refused');
    await store.transact([{ key: 'key', value: 'again' }]);
    expect([...stored.values()].map(({ data }) => data)).toEqual(['in MySQL', 'again']);
  });

  it('conflicts if half of a transaction was applied', async () => {
    const { store, stored } = createSlowStore({ over, acceptsWrite: likeRedis });
    await store.transact([{ key: 'b', value: 'other' }]);
    await expect(
      store.transact([
        { key: 'a', value: 1 },
        { key: 'b', value: 1 },
      ]),
    ).rejects.toThrow(StateConflict);
    expect([...stored].map(([key, { data }]) => [key, data])).toEqual([
      ['b', 'other'],
      ['a', 1],
    ]);
  });

  it('splits a transaction that is too large for the sidecar', async () => {
    const { store, stored, events, probed } = createSlowStore({ over, maxKeys: 100 });
    await store.transact([{ key: 'first', value: 0 }]);
    probed();
    await store.transact(upserts(450));
    expect(stored.size).toBe(451);
    const executed = events.filter(({ what }) => what === 'end').map(({ keys }) => keys);
    expect(executed.flat()).toEqual(upserts(450).map(({ key }) => key));
    expect(executed.every((keys) => keys.length <= 100)).toBe(true);
  });
});
