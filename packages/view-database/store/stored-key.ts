import { parseDocumentKey } from '../../projections/generations/index.ts';

/** Keys of one table and, for documents, of one generation. */
export type KeyGroup<Item> = {
  /** The view of documents; undefined for the engine's own documents. */
  readonly view: string | undefined;
  readonly generation: number;
  /** Each with its key in the table. */
  readonly items: Map<string, Item>;
};

/**
 * Groups items by the table and the generation of their keys. `orders/4711` and `orders/g2:4711` are documents of the view `orders`, in
 * its first and second generation. `orders/position:…` and `orders/generation:…` belong to the engine, and are kept whole.
 * @throws Error when a key belongs to none of the views
 */
export const groupByTable = <Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  isView: (name: string) => boolean,
): KeyGroup<Item>[] => {
  const groups = new Map<string, KeyGroup<Item>>();
  for (const item of items) {
    const storedKey = keyOf(item);
    const end = storedKey.indexOf('/');
    const name = storedKey.slice(0, Math.max(end, 0));
    if (!isView(name)) throw new Error(`the key ${storedKey} does not begin with the name of a view`);
    const document = parseDocumentKey(storedKey.slice(end + 1));
    const view = document && name;
    const generation = document?.number ?? 0;
    const group = groups.get(`${generation} ${view}`) ?? { view, generation, items: new Map() };
    group.items.set(document?.key ?? storedKey, item);
    groups.set(`${generation} ${view}`, group);
  }
  return [...groups.values()];
};
