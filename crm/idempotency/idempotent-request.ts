import { createHash } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { CrmDatabase, StoredAnswerTable } from '../database/index.ts';

const retentionMs = 24 * 60 * 60 * 1000;

/** `key` is the caller's name for it, `operation` what was asked for, `content` all that it was asked with. */
export type Attempt = { key: string; operation: string; content: object };

/**
 * Executes an attempt once: a request with the same key gets the same answer again. That is stored in the transaction
 * of the change, so it is there exactly when the change happened; of two at once the database lets the second wait for
 * the first. A refusal changed nothing and is not stored: the same attempt may succeed later.
 * @param execute answers something that survives JSON, and the customer that it is about
 * @throws DomainError key-reused for other content, answer-erased, and what `execute` throws
 */
export const executeOnce = async <T>(
  trx: Transaction<CrmDatabase>,
  attempt: Attempt,
  now: number,
  execute: () => Promise<{ answer: T; customerId: string }>,
): Promise<T> => {
  // A digest, for a key may be any text: a name, too.
  const keyDigest = digest(`${attempt.operation} ${attempt.key}`);
  const contentDigest = digest(JSON.stringify(attempt.content));
  const claim = { keyDigest, contentDigest, createdAt: now, customerId: null, answer: null };
  const ofKey = trx.selectFrom('storedAnswer').selectAll().where('keyDigest', '=', keyDigest);
  const stored = await ofKey.executeTakeFirst();
  if (stored && Number(stored.createdAt) > now - retentionMs) return replayAnswer<T>(stored, contentDigest);
  // The key is taken before anything is done: the second of two waits here, and then starts again.
  if (stored) await trx.updateTable('storedAnswer').set(claim).where('keyDigest', '=', keyDigest).execute();
  else await trx.insertInto('storedAnswer').values(claim).execute();
  const { answer, customerId } = await execute();
  await trx
    .updateTable('storedAnswer')
    .set({ customerId: Number(customerId), answer: JSON.stringify(answer) })
    .where('keyDigest', '=', keyDigest)
    .execute();
  return answer;
};

const replayAnswer = <T>({ answer, contentDigest }: Selectable<StoredAnswerTable>, expectedDigest: string): T => {
  if (answer === null)
    throw new DomainError('answer-erased', 'The customer that this key registered was erased since.', {
      errors: [{ field: 'Idempotency-Key', expected: 'a new key for a new customer' }],
    });
  if (contentDigest !== expectedDigest)
    throw new DomainError('key-reused', 'This key was used for other content.', {
      errors: [{ field: 'Idempotency-Key', expected: 'a key of its own for each attempt, or the very same content' }],
    });
  return JSON.parse(answer);
};

const answersPerBatch = 500;

/** Removes what no client may ask for again, in many short transactions. */
export const purgeOldAnswers = async (db: Kysely<CrmDatabase>, now: number): Promise<void> => {
  const old = db
    .selectFrom('storedAnswer')
    .select('keyDigest')
    .where('createdAt', '<=', now - retentionMs);
  for (;;) {
    const keys = (await old.limit(answersPerBatch).execute()).map(({ keyDigest }) => keyDigest);
    if (keys.length === 0) return;
    await db
      .deleteFrom('storedAnswer')
      .where('keyDigest', 'in', keys)
      .where('createdAt', '<=', now - retentionMs)
      .execute();
  }
};

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
