import type { ComponentChildren } from 'preact';
import { address } from '../services/location.ts';
import { type List, maxShown } from '../services/use-pages.ts';
import { ErrorMessage } from './error-message.tsx';
import { Table } from './table.tsx';

const step = 50;

/** How many rows the address of the page asks for, in a parameter of its own for each list of the page. */
export const shownRows = (parameter = 'shown'): number => {
  const shown = Number(address().searchParams.get(parameter));
  return Number.isInteger(shown) && shown > step ? Math.min(shown, maxShown) : step;
};

/** A list with its table, how much of it is shown, and a link that shows more. The link keeps the filters. */
export const ListTable = <Item,>({
  list,
  caption,
  columns,
  empty,
  parameter = 'shown',
  children,
}: {
  list: List<Item>;
  caption: string;
  columns: readonly string[];
  /** What a page says that has no rows, and what to do next. */
  empty: ComponentChildren;
  /** As for `shownRows`. */
  parameter?: string;
  /** The row of an item. */
  children: (item: Item) => ComponentChildren;
}) => {
  const count = list.items.length;
  return (
    <>
      <ErrorMessage error={list.error} />
      {list.unreadable > 0 && (
        <p class="error">
          {list.unreadable} entries may be missing or out of date, because records about them could not be read. The
          page Operations lists the dead letters.
        </p>
      )}
      {list.isFirst && <p class="note">Loading…</p>}
      {count > 0 && (
        <Table caption={caption} columns={columns}>
          {list.items.map(children)}
        </Table>
      )}
      {!list.isFirst && !list.error && count === 0 && <div class="panel">{empty}</div>}
      <p role="status" class="note">
        {count > 0 && `${count} shown, ${list.hasMore ? 'more remain' : 'these are all'}.`}
      </p>
      <More parameter={parameter} shown={count} hasMore={list.hasMore} />
    </>
  );
};

const More = ({ parameter, shown, hasMore }: { parameter: string; shown: number; hasMore: boolean }) => {
  if (!hasMore) return null;
  if (shown >= maxShown) return <p>A page shows at most {maxShown} rows. Filters find the others.</p>;
  const next = new URL(address());
  next.searchParams.set(parameter, String(Math.min(shown + step, maxShown)));
  return (
    <p>
      <a href={next.href}>Show more</a>
    </p>
  );
};
