import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Upsert } from '../state-store.ts';
import type { Sidecar } from './sidecar.ts';
import { daprStateStore } from './state-store.ts';

type Operation = { operation: string; request: { key: string; value?: unknown; etag?: string } };

/** A sidecar before a store that counts its writes; `events` tells when which keys were begun and over. */
const storeThatTakesTime = (fails: (keys: readonly string[]) => boolean = () => false) => {
  const held = new Map<string, { data: unknown; etag: string }>();
  const events: { what: 'begun' | 'over'; keys: string[] }[] = [];
  const apply = ({ operation, request: { key, value, etag } }: Operation): boolean => {
    const before = held.get(key);
    if (operation === 'delete') return held.delete(key) || true;
    if (before && before.etag !== etag) return false;
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
    await delay(keys.includes('key 0') ? 40 : 5);
    const status = fails(keys) || !operations.every(apply) ? 500 : 204;
    events.push({ what: 'over', keys });
    return { status, body: {} };
  };
  const store = daprStateStore({ call } as Sidecar, 'store', () => 'id');
  return { store, held, events, probed: () => events.splice(0) };
};

const upserts = (many: number): Upsert[] => Array.from({ length: many }, (_, i) => ({ key: `key ${i}`, value: i }));

it('writes a long list in pieces, two at a time, and its last hundred when all others are over', async () => {
  const { store, held, events, probed } = storeThatTakesTime();
  await store.transact([{ key: 'first', value: 0 }]);
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
  expect(Math.max(...underway)).toBe(2);
});

it('says that a piece failed when no other is written any more, and leaves the last ones unwritten', async () => {
  const { store, held, events } = storeThatTakesTime((keys) => keys.includes('key 600'));
  await expect(store.transact(upserts(1_701))).rejects.toThrow();
  const begun = events.filter(({ what }) => what === 'begun').length;
  expect(events.filter(({ what }) => what === 'over')).toHaveLength(begun);
  expect(held.has('key 0')).toBe(true);
  expect(held.has('key 1700')).toBe(false);
});
