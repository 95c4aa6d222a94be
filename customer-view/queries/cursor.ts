import { DomainError } from '../../packages/runtime/domain-error.ts';

/** The sort values of the last row of a page. The next page begins after it, even if the row is gone. */
export type Cursor = readonly (string | number)[];

export const cursorFormat = 'the cursor in `next` of the same list';
/** JSON in base64url, which encodes the values, but does not hide them. */
export const cursorPattern = /^[A-Za-z0-9_-]{1,1200}$/;

/** `list` names the list with its sort order, because the values mean something else in any other list. */
export const writeCursor = (list: string, cursor: Cursor): string =>
  Buffer.from(JSON.stringify([list, ...cursor])).toString('base64url');

/**
 * Reads the cursor of the list, whose sort columns have these types; undefined for the first page.
 * @throws DomainError invalid-parameter for a cursor of another list
 */
export const readCursor = (
  text: string | undefined,
  list: string,
  types: readonly ('string' | 'number')[],
): Cursor | undefined => {
  if (text === undefined) return undefined;
  const parsed = parse(Buffer.from(text, 'base64url').toString());
  const [listOfCursor, ...cursor] = Array.isArray(parsed) ? parsed : [];
  const isValid =
    listOfCursor === list &&
    cursor.length === types.length &&
    cursor.every((value, n) => typeof value === types[n] && (typeof value === 'string' || Number.isSafeInteger(value)));
  if (isValid) return cursor;
  throw new DomainError('invalid-parameter', `after: ${cursorFormat}`, {
    errors: [{ field: 'after', expected: cursorFormat }],
  });
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
