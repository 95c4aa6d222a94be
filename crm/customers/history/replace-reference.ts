import type { Kysely } from 'kysely';
import { readPages } from '../../../packages/database/pages.ts';
import type { CrmDatabase } from '../../database/index.ts';

const connectionsPerBatch = 500;

/** Replaces a reference in all evidence of consent, in many short transactions. It can be repeated after a kill. */
export const replaceReference = async (
  db: Kysely<CrmDatabase>,
  { reference, replacement }: { reference: string; replacement: string },
  stop: AbortSignal | undefined,
): Promise<void> => {
  const withReference = db
    .selectFrom('mandateChange')
    .select('connectionId')
    .where('reference', '=', reference)
    .orderBy('connectionId');
  const pages = readPages<{ connectionId: string }>(connectionsPerBatch, async (after, limit) => {
    stop?.throwIfAborted();
    const remaining = after ? withReference.where('connectionId', '>', after.connectionId) : withReference;
    return remaining.limit(limit).execute();
  });
  for await (const page of pages)
    await db
      .updateTable('mandateChange')
      .set({ reference: replacement })
      .where(
        'connectionId',
        'in',
        page.map(({ connectionId }) => connectionId),
      )
      .where('reference', '=', reference)
      .execute();
};
