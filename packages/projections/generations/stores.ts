import type { StateStore } from '../state-store.ts';

/** Returns the state store with this name; without a name the primary store of the service. */
export type Stores = (name?: string) => StateStore;

export type StoreContext = {
  /** The primary store. */
  readonly store: StateStore;
  /** Opens another store of the same sidecar or file, for a generation that is kept there. */
  readonly secondaryStore?: ((name: string) => StateStore) | undefined;
};

/**
 * Opens each secondary store once.
 * @throws Error when a generation is in another store and `secondaryStore` is absent
 */
export const createStores = ({ store, secondaryStore }: StoreContext): Stores => {
  const opened = new Map<string, StateStore>();
  return (name) => {
    if (name === undefined) return store;
    if (!secondaryStore) throw new Error(`the state store ${name} cannot be opened here`);
    const other = opened.get(name) ?? secondaryStore(name);
    opened.set(name, other);
    return other;
  };
};
