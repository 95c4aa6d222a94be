import { setTimeout as delay } from 'node:timers/promises';
import { backoff } from '../runtime/retry.ts';

/** The pause before the store is read again: short at first, then longer. Another instance may write the version. */
const rereadAfterMs = backoff({ firstMs: 2, maxMs: 20, factor: 1.5 });

/**
 * Reads a document until it has at least the version `wanted`, for at most `waitMs`. A client that made a change passes its version, so
 * that it never reads an older state.
 * @throws what `createError` returns for the version that was found last, if the time has passed
 */
export const waitForVersion = async <Document>(
  read: () => Promise<Document | undefined>,
  {
    wanted,
    waitMs,
    versionOf,
    createError,
  }: {
    wanted: number;
    waitMs: number;
    versionOf: (document: Document) => number;
    createError: (found: number | undefined) => Error;
  },
): Promise<Document> => {
  const deadline = performance.now() + waitMs;
  for (let reads = 1; ; reads++) {
    const document = await read();
    if (document !== undefined && versionOf(document) >= wanted) return document;
    if (performance.now() >= deadline) throw createError(document && versionOf(document));
    await delay(rereadAfterMs(reads));
  }
};
