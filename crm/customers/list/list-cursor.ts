import { DomainError } from '../../../packages/runtime/domain-error.ts';
import type { ListPlan } from './list-plan.ts';

/** The last row of a page. The next page begins after it, even if the row was deleted. */
export type Cursor = { readonly customerId: number; readonly key?: string | number };

export const cursorFormat = 'the cursor in `next` of the same list';

/**
 * The id; if the list has another sort key, a dot and that key in base64url. Base64url encodes names, it does not hide
 * them.
 */
export const cursorPattern = /^[1-9][0-9]{0,9}(?:\.[A-Za-z0-9_-]{0,1200})?$/;

export const writeCursor = ({ customerId, key }: Cursor): string =>
  key === undefined ? String(customerId) : `${customerId}.${Buffer.from(String(key)).toString('base64url')}`;

/** @throws DomainError invalid-parameter for a cursor of a list with another order or prefix */
export const readCursor = (text: string, { key, prefix = '' }: Pick<ListPlan, 'key' | 'prefix'>): Cursor => {
  const [id, encoded] = text.split('.');
  const customerId = Number(id);
  if (key === 'customerId' && encoded === undefined) return { customerId };
  const decoded = encoded === undefined ? undefined : Buffer.from(encoded, 'base64url').toString();
  if (key === 'nameKey' && decoded?.startsWith(prefix)) return { customerId, key: decoded };
  if (key === 'updatedAt' && decoded !== undefined && /^[0-9]{1,15}$/.test(decoded))
    return { customerId, key: Number(decoded) };
  throw new DomainError('invalid-parameter', `after: ${cursorFormat}`, {
    errors: [{ field: 'after', expected: cursorFormat }],
  });
};
