/** The same items; each is prepared while the one before it is used. */
export async function* readAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T, void> {
  const items = source[Symbol.asyncIterator]();
  const start = () => {
    const next = items.next();
    // It is awaited later, or never.
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
