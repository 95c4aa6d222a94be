import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/**
 * Streams one JSON object chunk by chunk, with backpressure and one chunk in memory. A failure before the first chunk becomes a
 * normal error response; a later failure aborts the response, so that no client takes it for complete.
 */
export const streamJsonObject = (
  res: Response,
  chunks: AsyncIterable<readonly (readonly [string, unknown])[]>,
): Promise<void> => streamJson(res, serialiseObject(chunks));

/** Streams one JSON object with the entries of `head`, followed by lists whose items arrive in chunks. */
export const streamJsonLists = (
  res: Response,
  head: object,
  lists: Readonly<Record<string, AsyncIterable<readonly unknown[]>>>,
): Promise<void> => streamJson(res, serialiseLists(head, lists));

const streamJson = async (res: Response, text: AsyncGenerator<string, void>): Promise<void> => {
  const first = await text.next();
  res.type('json');
  if (res.req.method === 'HEAD') {
    await text.return();
    return void res.end();
  }
  async function* allText() {
    if (!first.done) yield first.value;
    yield* text;
  }
  // Read at most one chunk ahead of the client.
  await pipeline(Readable.from(allText(), { highWaterMark: 1 }), res).catch((error: NodeJS.ErrnoException) => {
    // The client disconnected.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
};

async function* serialiseObject(
  chunks: AsyncIterable<readonly (readonly [string, unknown])[]>,
): AsyncGenerator<string, void> {
  let before = '{';
  for await (const entries of chunks) {
    if (entries.length === 0) continue;
    yield before + entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}

async function* serialiseLists(
  head: object,
  lists: Readonly<Record<string, AsyncIterable<readonly unknown[]>>>,
): AsyncGenerator<string, void> {
  let before = JSON.stringify(head).slice(0, -1);
  for (const [name, items] of Object.entries(lists)) {
    before += `${before === '{' ? '' : ','}${JSON.stringify(name)}:[`;
    let separator = '';
    for await (const some of items) {
      if (some.length === 0) continue;
      yield before + separator + some.map((item) => JSON.stringify(item)).join(',');
      before = '';
      separator = ',';
    }
    before += ']';
  }
  yield `${before}}`;
}
