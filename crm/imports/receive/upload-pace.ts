import { DomainError } from '../../../packages/runtime/domain-error.ts';

/** An upload takes a place among the files that wait, so it has to bring so many bytes in every period, or to end. */
export const uploadPace = { bytes: 256 * 1024, everyMs: 30_000 };
export type UploadPace = typeof uploadPace;

/** Passes chunks on as long as they come fast enough. @throws DomainError upload-too-slow */
export async function* enforcePace(
  chunks: AsyncIterable<Buffer>,
  { bytes: expected, everyMs }: UploadPace,
): AsyncGenerator<Buffer> {
  const source = chunks[Symbol.asyncIterator]();
  let received = 0;
  let timer: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (received < expected) reject(tooSlowError(expected, everyMs));
      received = 0;
    }, everyMs);
  });
  // It may reject while a chunk is written and no one waits for it.
  tooSlow.catch(() => {});
  let isSourceWaiting = false;
  try {
    for (;;) {
      isSourceWaiting = true;
      const next = await Promise.race([source.next(), tooSlow]);
      isSourceWaiting = false;
      if (next.done) return;
      received += next.value.length;
      yield next.value;
    }
  } finally {
    clearInterval(timer);
    // A source that waits for its next chunk would end only after it.
    const ending = source.return?.();
    if (!isSourceWaiting) await ending;
  }
}

const tooSlowError = (bytes: number, ms: number) =>
  new DomainError('upload-too-slow', `Less than ${bytes} bytes came in ${ms / 1000} seconds.`, {
    remedy: 'send it again over a faster connection, or split it: each part with the header as its first line',
  });
