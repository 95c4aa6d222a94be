import type { View } from '../projections/view.ts';
import { backoff } from '../runtime/retry.ts';

/**
 * The pause before the store is read again, unless this process writes the key. Another instance may write it. The pause doubles, because
 * many reads of waiting requests would slow down the deliveries for which they wait.
 */
const rereadAfterMs = backoff({ firstMs: 10, maxMs: 320 });

/**
 * Reads a document until it has at least the version `wanted`, for at most `waitMs`. A client that made a change passes its version, so
 * that it never reads an older state.
 * @throws what `createError` returns for the version that was found last, if the time has passed
 */
export const waitForVersion = async <Document extends object>(
  view: Pick<View<Document>, 'writes'>,
  key: string,
  {
    read,
    wanted,
    waitMs,
    versionOf,
    createError,
  }: {
    read: () => Promise<Document | undefined>;
    wanted: number;
    waitMs: number;
    versionOf: (document: Document) => number;
    createError: (found: number | undefined) => Error;
  },
): Promise<Document> => {
  const deadline = performance.now() + waitMs;
  for (let reads = 1; ; reads++) {
    const write = view.writes.listen(key);
    try {
      const document = await read();
      if (document !== undefined && versionOf(document) >= wanted) return document;
      const remainingMs = deadline - performance.now();
      if (remainingMs <= 0) throw createError(document && versionOf(document));
      await write.within(Math.min(rereadAfterMs(reads), remainingMs));
    } finally {
      write.stop();
    }
  }
};
