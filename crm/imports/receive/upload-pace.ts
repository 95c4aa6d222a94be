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
  let error: Error | undefined;
  let onError = (_error: Error) => {};
  const timer = setInterval(() => {
    if (received < expected) {
      error = tooSlowError(expected, everyMs);
      onError(error);
    }
    received = 0;
  }, everyMs);
  /** A promise of its own for each chunk: a long-lived promise in Promise.race would keep every chunk in memory. */
  const readNext = () =>
    new Promise<IteratorResult<Buffer>>((resolve, reject) => {
      if (error) return reject(error);
      onError = reject;
      source.next().then(resolve, reject);
    });
  let isSourceWaiting = false;
  try {
    for (;;) {
      isSourceWaiting = true;
      const next = await readNext();
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
