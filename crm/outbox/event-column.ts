import { isUtf8 } from 'node:buffer';

const base64Marker = 'base64:';

/**
 * The outbox keeps events in a text column. Bytes that are text are kept as they are, so JSON stays readable in the table, and
 * an instance of the version before can publish it; all others as base64 behind a marker. A zero byte is no text: SQLite's
 * driver ends a text there.
 */
export const toColumn = (value: Buffer): string => {
  const isText =
    isUtf8(value) && !value.includes(0) && !value.toString('utf8', 0, base64Marker.length).startsWith(base64Marker);
  return isText ? value.toString() : base64Marker + value.toString('base64');
};

export const fromColumn = (column: string): Buffer =>
  column.startsWith(base64Marker) ? Buffer.from(column.slice(base64Marker.length), 'base64') : Buffer.from(column);
