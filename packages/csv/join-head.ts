/** Yields the same bytes, with at least `size` bytes in the first chunk if there are as many. */
export async function* joinHead(chunks: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (!head) yield chunk;
    else {
      head = Buffer.concat([head, chunk]);
      if (head.length < size) continue;
      yield head;
      head = undefined;
    }
  }
  if (head && head.length > 0) yield head;
}
