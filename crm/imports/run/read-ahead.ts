/** Yields the items of `source`, and prepares the next item while the consumer uses the current one. */
export async function* readAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T, void> {
  const items = source[Symbol.asyncIterator]();
  const start = () => {
    const next = items.next();
    // The promise is awaited later or never, so its rejection needs a handler now.
    next.catch(() => {});
    return next;
  };
  try {
    for (let next = start(); ; ) {
      const { done, value } = await next;
      if (done) return;
      next = start();
      yield value;
    }
  } finally {
    await items.return?.();
  }
}
