import { createHash } from 'node:crypto';
import type { Insertable, Kysely, Selectable, Transaction } from 'kysely';
import { TransientDatabaseError } from '../../packages/database/database-error.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { CrmDatabase, StoredAnswerTable } from '../database/index.ts';

const retentionMs = 24 * 60 * 60 * 1000;

/** `key` is the Idempotency-Key, `operation` names what is requested, `content` is the whole request. */
export type Attempt = { key: string; operation: string; content: object };

/**
 * Executes an attempt once. A later request with the same key gets the stored answer. The answer is stored in the
 * transaction of the change, so it exists exactly when the change was committed. Of two requests at the same time, the
 * database makes the second wait for the first. An error is not stored, so the same attempt may succeed later.
 * @param now in ms since 1970; a stored answer expires after 24 hours
 * @param execute returns an answer that can be stored as JSON, and the customer that it is about, if any
 * @throws DomainError key-reused when the content differs, answer-erased, and what `execute` throws
 */
export const executeOnce = async <T>(
  trx: Transaction<CrmDatabase>,
  attempt: Attempt,
  now: number,
  execute: () => Promise<{ answer: T; customerId?: string }>,
): Promise<T> => {
  // Only digests are stored, because a key may be any text, even a name.
  const keyDigest = digest(`${attempt.operation} ${attempt.key}`);
  const contentDigest = digest(JSON.stringify(attempt.content));
  const claim = { keyDigest, contentDigest, createdAt: now, customerId: null, answer: null };
  const query = trx.selectFrom('storedAnswer').selectAll().where('keyDigest', '=', keyDigest);
  const stored = await query.executeTakeFirst();
  if (stored && Number(stored.createdAt) > now - retentionMs) return replayAnswer<T>(stored, contentDigest);
  // The key is claimed before the work: the second of two requests waits here, conflicts and starts again.
  if (stored) await replaceExpired(trx, stored, claim);
  else await trx.insertInto('storedAnswer').values(claim).execute();
  const { answer, customerId } = await execute();
  await trx
    .updateTable('storedAnswer')
    .set({ customerId: customerId === undefined ? null : Number(customerId), answer: JSON.stringify(answer) })
    .where('keyDigest', '=', keyDigest)
    .execute();
  return answer;
};

/** @throws TransientDatabaseError database-conflict if another request has replaced the expired answer, or it was purged */
const replaceExpired = async (
  trx: Transaction<CrmDatabase>,
  { keyDigest, createdAt }: Selectable<StoredAnswerTable>,
  claim: Insertable<StoredAnswerTable>,
) => {
  const { numUpdatedRows } = await trx
    .updateTable('storedAnswer')
    .set(claim)
    .where('keyDigest', '=', keyDigest)
    .where('createdAt', '=', createdAt)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n)
    throw new TransientDatabaseError('database-conflict', new Error('the expired answer was replaced meanwhile'));
};

const replayAnswer = <T>({ answer, contentDigest }: Selectable<StoredAnswerTable>, expectedDigest: string): T => {
  if (answer === null)
    throw new DomainError('answer-erased', 'The customer that was registered with this key has been erased.', {
      errors: [{ field: 'Idempotency-Key', expected: 'a new key for a new customer' }],
    });
  if (contentDigest !== expectedDigest)
    throw new DomainError('key-reused', 'This key was used for a request with different content.', {
      errors: [{ field: 'Idempotency-Key', expected: 'a new key for a new request, or exactly the same content' }],
    });
  return JSON.parse(answer);
};

const answersPerBatch = 500;

/** Deletes the expired answers, in many short transactions. `now` is in ms since 1970. */
export const purgeOldAnswers = async (db: Kysely<CrmDatabase>, now: number): Promise<void> => {
  const expired = db
    .selectFrom('storedAnswer')
    .select('keyDigest')
    .where('createdAt', '<=', now - retentionMs);
  for (;;) {
    const keys = (await expired.limit(answersPerBatch).execute()).map(({ keyDigest }) => keyDigest);
    if (keys.length === 0) return;
    await db
      .deleteFrom('storedAnswer')
      .where('keyDigest', 'in', keys)
      .where('createdAt', '<=', now - retentionMs)
      .execute();
  }
};

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
