import { isUtf8 } from 'node:buffer';

const base64Marker = 'base64:';

/**
 * Encodes an event for the text column of the outbox. UTF-8 text is stored unchanged, so JSON stays readable in the table and
 * an instance of the previous release can publish it. Other bytes are stored as base64 with a marker in front. Text with a
 * zero byte is encoded too, because SQLite's driver ends a text there.
 */
export const toColumn = (value: Buffer): string => {
  const isText =
    isUtf8(value) && !value.includes(0) && !value.toString('utf8', 0, base64Marker.length).startsWith(base64Marker);
  return isText ? value.toString() : base64Marker + value.toString('base64');
};

export const fromColumn = (column: string): Buffer =>
  column.startsWith(base64Marker) ? Buffer.from(column.slice(base64Marker.length), 'base64') : Buffer.from(column);
