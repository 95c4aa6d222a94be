import { DomainError } from '../../../packages/runtime/domain-error.ts';
import type { ListPlan } from './list-plan.ts';

/** The last row of a page: the next page begins behind it, whether or not the row is still there. */
export type Cursor = { readonly customerId: number; readonly key?: string | number };

/** The id, and behind a point the key of the order where that is another; names are encoded, not hidden. */
export const cursorPattern = /^[1-9][0-9]{0,9}(?:\.[A-Za-z0-9_-]{0,1200})?$/;

export const writeCursor = ({ customerId, key }: Cursor): string =>
  key === undefined ? String(customerId) : `${customerId}.${Buffer.from(String(key)).toString('base64url')}`;

/** @throws DomainError invalid-parameter for the cursor of a list in another order, or of other names */
export const readCursor = (text: string, { key, prefix = '' }: Pick<ListPlan, 'key' | 'prefix'>): Cursor => {
  const [id, encoded] = text.split('.');
  const customerId = Number(id);
  if (key === 'customerId' && encoded === undefined) return { customerId };
  const decoded = encoded === undefined ? undefined : Buffer.from(encoded, 'base64url').toString();
  if (key === 'nameKey' && decoded?.startsWith(prefix)) return { customerId, key: decoded };
  if (key === 'updatedAt' && decoded !== undefined && /^[0-9]{1,15}$/.test(decoded))
    return { customerId, key: Number(decoded) };
  const expected = 'what `next` of this very list gives';
  throw new DomainError('invalid-parameter', `after: ${expected}`, { errors: [{ field: 'after', expected }] });
};
