import { DomainError } from '../../../packages/runtime/domain-error.ts';

/**
 * An upload must send at least `bytes` in every period of `everyMs`, because it occupies one of the limited places of
 * waiting files.
 */
export const uploadPace = { bytes: 256 * 1024, everyMs: 30_000 };
export type UploadPace = typeof uploadPace;

/** Yields the chunks as long as they arrive fast enough. @throws DomainError upload-too-slow */
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
  // The promise may reject while no one awaits it, so its rejection needs a handler now.
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
    // `return` of a source that waits for its next chunk resolves only after that chunk, so it is not awaited then.
    const ending = source.return?.();
    if (!isSourceWaiting) await ending;
  }
}

const tooSlowError = (bytes: number, ms: number) =>
  new DomainError('upload-too-slow', `Fewer than ${bytes} bytes arrived within ${ms / 1000} seconds.`, {
    remedy: 'upload the file again over a faster connection, or split it: each part needs the header as its first line',
  });
