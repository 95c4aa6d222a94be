import type { StateStore } from './state-store.ts';

/** Restricts a store to the keys with this prefix, so that several views can share it. */
export const withKeyPrefix = (store: StateStore, prefix: string): StateStore =>
  prefix === ''
    ? store
    : {
        ...store,
        getMany: async (keys) => {
          const held = await store.getMany(keys.map((key) => `${prefix}${key}`));
          return new Map([...held].map(([key, stored]) => [key.slice(prefix.length), stored]));
        },
        transact: (upserts) => store.transact(upserts.map((upsert) => ({ ...upsert, key: `${prefix}${upsert.key}` }))),
        remove: (keys) => store.remove(keys.map((key) => `${prefix}${key}`)),
        ...(store.removeGeneration && { removeGeneration: async (number) => store.removeGeneration?.(number, prefix) }),
      };
