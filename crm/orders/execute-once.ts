import { createHash } from 'node:crypto';
import type { Selectable, Transaction } from 'kysely';
import { TransientDatabaseError } from '../../packages/database/database-error.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { CrmDatabase } from '../database/index.ts';
import { readEvents } from './event-store/index.ts';

/** The order after a command, by orderId and version. */
export type CommandOutcome = { readonly stream: string; readonly version: number };

/** Both are stored as digests, because the key may be any text, and the content includes the place of delivery. */
export type OrderAttempt = { readonly key: string; readonly content: object };

/** The id under which a command is stored: a digest of its idempotency key. */
export const createCommandId = (key: string): string => digest(`order ${key}`);

/**
 * Executes a command once, without limit of time. A repetition gets the outcome of the first execution, which is stored in its
 * transaction. Of two requests at the same time the second conflicts with the first, and `transact` repeats it. A refusal is not stored.
 * @throws DomainError key-reused when the content differs, answer-erased when the content was erased, and what `execute` throws
 */
export const executeOnce = async (
  trx: Transaction<CrmDatabase>,
  attempt: OrderAttempt | undefined,
  execute: () => Promise<CommandOutcome>,
): Promise<CommandOutcome> => {
  if (!attempt) return execute();
  const commandDigest = createCommandId(attempt.key);
  const contentDigest = digest(JSON.stringify(attempt.content));
  const query = trx.selectFrom('orderCommand').selectAll().where('commandDigest', '=', commandDigest);
  const executed = await query.executeTakeFirst();
  if (executed) return replay(executed, contentDigest);
  const { stream, version } = await execute().catch(async (error: unknown) => {
    // What refuses the command may be its own first execution, committed after the query above.
    const isRefusal = error instanceof DomainError && !(error instanceof TransientDatabaseError);
    throw isRefusal && (await query.executeTakeFirst())
      ? new TransientDatabaseError('database-conflict', error)
      : error;
  });
  await trx.insertInto('orderCommand').values({ commandDigest, contentDigest, stream, version }).execute();
  return { stream, version };
};

const replay = (executed: Selectable<CrmDatabase['orderCommand']>, contentDigest: string): CommandOutcome => {
  if (executed.contentDigest === null)
    throw new DomainError(
      'answer-erased',
      'The customer of the order that was created with this key has been erased.',
      {
        errors: [{ field: 'Idempotency-Key', expected: 'a new key for a new order' }],
      },
    );
  if (executed.contentDigest !== contentDigest)
    throw new DomainError('key-reused', 'This key was used for a request with different content.', {
      errors: [{ field: 'Idempotency-Key', expected: 'a new key for a new request, or exactly the same content' }],
    });
  return executed;
};

/**
 * Clears the digests of contents that created the orders, because such a digest confirms a guessed place. The first event of an order
 * names the command that created it; an update without effect may have the same version.
 */
export const eraseContent = async (trx: Transaction<CrmDatabase>, orderIds: readonly string[]): Promise<void> => {
  for (const orderId of orderIds) {
    const [created] = await readEvents(trx, orderId, { after: 0, limit: 1 });
    if (!created) continue;
    await trx
      .updateTable('orderCommand')
      .set({ contentDigest: null })
      .where('commandDigest', '=', created.metadata.causationId)
      .execute();
  }
};

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
