import { useEffect, useRef, useState } from 'preact/hooks';
import type { Client } from './client.ts';
import { isTransient } from './problem.ts';

/** A page of a list, as every service sends it. */
export type Page<Item> = {
  readonly items: readonly Item[];
  /** The path of the next page; null on the last one. */
  readonly next: string | null;
  /** How many documents may be missing, because a record about each is dead-lettered. */
  readonly unreadable?: number;
};

export type List<Item> = {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
  readonly unreadable: number;
  readonly error: Error | undefined;
  /** Whether nothing of this list is here yet. */
  readonly isFirst: boolean;
  reload(): void;
};

type Held<Item> = Page<Item> & { readonly key: string };

const retryAfterMs = 2_000;

/** The most rows that a page of the console shows. Filters find the others. */
export const maxShown = 1_000;

/**
 * Loads the first `shown` rows of a list, by following its cursors. More rows are added to those that are here; another path,
 * version and `reload` begin again. Until a failed service answers, it is asked again.
 */
export const usePages = <Item>(client: Client, path: string, shown: number, version = 0): List<Item> => {
  const [reloads, setReloads] = useState(0);
  const key = `${client.url}${path}#${reloads}.${version}`;
  const [list, setList] = useState<Held<Item>>({ key: '', items: [], next: null });
  const [error, setError] = useState<Error | undefined>();
  const [attempts, setAttempts] = useState(0);
  const held = useRef(list);
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      let now = held.current.key === key ? held.current : { key, items: [], next: path };
      while (now.items.length < shown && now.next !== null) {
        const next = withLimit(now.next, shown - now.items.length);
        const { body } = await client.call<Page<Item>>(next, { signal: leaving.signal });
        now = { ...body, key, items: [...now.items, ...body.items] };
      }
      held.current = now;
      setList(now);
      setError(undefined);
    };
    load().catch((reason: Error) => {
      if (leaving.signal.aborted) return;
      setError(reason);
      if (isTransient(reason)) timer = setTimeout(() => setAttempts((count) => count + 1), retryAfterMs);
    });
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [key, shown, attempts]);
  const isHere = list.key === key;
  return {
    // The rows of other filters stay until these are here, so that the page does not jump.
    items: isHere || !error ? list.items : [],
    hasMore: isHere && list.next !== null,
    unreadable: list.unreadable ?? 0,
    error,
    isFirst: list.key === '' && !error,
    reload: () => setReloads((count) => count + 1),
  };
};

const withLimit = (path: string, limit: number): string => {
  const [pathname, query] = path.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('limit', String(limit));
  return `${pathname}?${parameters}`;
};
