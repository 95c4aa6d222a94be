import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/**
 * Answers one JSON object as its entries come, chunk by chunk: as fast as they are read, and no more of them in memory. A
 * failure before the first chunk is an error as any other; a later one breaks the answer off, so that nobody takes it
 * for whole.
 */
export const streamJsonObject = async (
  res: Response,
  chunks: AsyncIterable<readonly (readonly [string, unknown])[]>,
): Promise<void> => {
  const text = jsonText(chunks);
  const first = await text.next();
  res.type('json');
  if (res.req.method === 'HEAD') {
    await text.return();
    return void res.end();
  }
  async function* all() {
    if (!first.done) yield first.value;
    yield* text;
  }
  await pipeline(Readable.from(all()), res).catch((error: NodeJS.ErrnoException) => {
    // Whoever asked has gone.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
};

async function* jsonText(chunks: AsyncIterable<readonly (readonly [string, unknown])[]>): AsyncGenerator<string, void> {
  let before = '{';
  for await (const entries of chunks) {
    if (entries.length === 0) continue;
    yield before + entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}
