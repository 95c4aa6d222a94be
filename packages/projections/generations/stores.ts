import type { StateStore } from '../state-store.ts';

/** A state store by name; without a name the service's own, its home. */
export type Stores = (name?: string) => StateStore;

export type StoreContext = {
  readonly store: StateStore;
  /** Opens another store of the same sidecar or file, for a generation that is there. */
  readonly secondaryStore?: ((name: string) => StateStore) | undefined;
};

/** Each store is opened once. @throws Error when there is a generation in another store, and no way to it */
export const storesOf = ({ store, secondaryStore }: StoreContext): Stores => {
  const opened = new Map<string, StateStore>();
  return (name) => {
    if (name === undefined) return store;
    if (!secondaryStore) throw new Error(`there is no way to the state store ${name}`);
    const other = opened.get(name) ?? secondaryStore(name);
    opened.set(name, other);
    return other;
  };
};
