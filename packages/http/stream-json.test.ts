import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { eventually } from '../../tests/eventually.ts';
import { noEvents } from '../../tests/no-events.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { createHttpApp } from './app.ts';
import { operation } from './operation.ts';
import { streamJsonLists, streamJsonObject } from './stream-json.ts';

type Chunk = readonly (readonly [string, unknown])[];

const app = (chunks: () => AsyncIterable<Chunk>) => {
  const get = operation({
    summary: 'All of them',
    responses: { 200: { description: 'All.', schema: z.record(z.string(), z.unknown()) } },
    handle: (_request, res) => streamJsonObject(res, chunks()),
  });
  const api = { title: 'All', description: 'All.', events: noEvents };
  return createHttpApp({ '/': { get } }, { ...createTestRuntime(), api });
};

async function* some(...chunks: Chunk[]) {
  yield* chunks;
}
async function* failing(...chunks: Chunk[]): AsyncGenerator<Chunk> {
  yield* chunks;
  throw new Error('the database is unavailable');
}

describe('a streamed object', () => {
  it('is one JSON object of all chunks, in order', async () => {
    const chunks = () => some([['2', { a: '"' }]], [], [['1', null] as const, ['3', 3] as const]);
    const { text } = await request(app(chunks)).get('/').expect(200).expect('Content-Type', /json/);
    expect(text).toBe('{"2":{"a":"\\""},"1":null,"3":3}');
  });

  it('may be empty, and a HEAD does not read its chunks', async () => {
    await request(app(() => some()))
      .get('/')
      .expect(200, {});
    const read = vi.fn();
    async function* watched(): AsyncGenerator<Chunk> {
      yield [['1', 1]];
      read();
    }
    await request(app(watched)).head('/').expect(200);
    expect(read).not.toHaveBeenCalled();
  });

  it('fails with an error before the first chunk, and aborts the response after it', async () => {
    await request(app(() => failing()))
      .get('/')
      .expect(500);
    const late = app(() => failing([['1', 'x'.repeat(100_000)]]));
    await expect(request(late).get('/')).rejects.toThrow('aborted');
  });

  it('stops reading when the client disconnects', async () => {
    const ended = vi.fn();
    async function* endless(): AsyncGenerator<Chunk> {
      try {
        for (let n = 0; ; n++) yield [[String(n), 'x'.repeat(10_000)]];
      } finally {
        ended();
      }
    }
    const server = app(endless).listen(0, '127.0.0.1');
    await eventually(() => expect(server.address()).not.toBeNull());
    const leaving = new AbortController();
    const { body } = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, leaving);
    await body?.getReader().read();
    expect(ended).not.toHaveBeenCalled();
    leaving.abort();
    await eventually(() => expect(ended).toHaveBeenCalled());
    server.close();
  });
});

describe('an object with streamed lists', () => {
  const listsApp = (head: object, lists: Record<string, AsyncIterable<readonly unknown[]>>) => {
    const get = operation({
      summary: 'All of them',
      responses: { 200: { description: 'All.', schema: z.record(z.string(), z.unknown()) } },
      handle: (_request, res) => streamJsonLists(res, head, lists),
    });
    return createHttpApp(
      { '/': { get } },
      { ...createTestRuntime(), api: { title: 'All', description: 'All.', events: noEvents } },
    );
  };
  async function* items(...some: unknown[][]) {
    yield* some;
  }

  it('is one JSON object, with or without items', async () => {
    const head = { name: 'a', none: null };
    for (const [sent, expected] of [
      [{}, head],
      [{ x: items() }, { ...head, x: [] }],
      [
        { x: items([], [1], [2, '"']), y: items(), z: items([{ a: [] }]) },
        { ...head, x: [1, 2, '"'], y: [], z: [{ a: [] }] },
      ],
    ] as const)
      await request(listsApp(head, sent)).get('/').expect(200, expected);
    await request(listsApp({}, { x: items([1]) }))
      .get('/')
      .expect(200, { x: [1] });
  });
});
