import type { ComponentChildren } from 'preact';
import { ScrollBox } from './scroll-box.tsx';

/** A table that scrolls in a box of its own where the window is too narrow. Columns whose name ends in # have numbers. */
export const Table = ({
  caption,
  columns,
  children,
}: {
  caption: string;
  columns: readonly string[];
  children: ComponentChildren;
}) => (
  <ScrollBox label={caption}>
    <table>
      <caption>{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col" class={column.endsWith('#') ? 'number' : undefined}>
              {column.replace(/ ?#$/, '')}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </ScrollBox>
);
