import { expect, it } from 'vitest';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import type { Projection } from '../declaration.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import { createStores } from '../generations/stores.ts';
import type { StateStore } from '../state-store.ts';
import { parseBatch } from './parse-batch.ts';
import { createProjectionWriter } from './write.ts';

const topic = (name: string) => ({ name, partitions: 2, maxMessageBytes: 10_000 });
const things: Projection<string, { many: number }> = {
  name: 'things',
  topic: topic('things-topic'),
  deadLetters: topic('things-dead-letters'),
  parse: ({ value }) => value.toString(),
  key: (key) => key,
  evolve: (held) => ({ many: (held?.many ?? 0) + 1 }),
};

it('writes documents in the order of their keys, and checkpoints after them', async () => {
  const embedded = openEmbeddedPlatform(':memory:', []).stateStore('statestore');
  const written: string[] = [];
  const store: StateStore = {
    ...embedded,
    transact: (upserts) => {
      written.push(...upserts.map(({ key }) => key));
      return embedded.transact(upserts);
    },
  };
  const keys = ['zebra', 'apple', 'quince'];
  const batch = keys.map(
    (key, i): DeliveredRecord => ({
      topic: 'things-topic',
      partition: i % 2,
      offset: 0,
      timestamp: 0,
      value: Buffer.from(key),
    }),
  );
  await createProjectionWriter(things, { stores: createStores({ store }), newId: () => 'id', log: undefined })(
    await parseBatch(things, batch),
  );
  const checkpoints = [0, 1].map((partition) => `position:things:things-topic:${partition}`);
  expect(written).toEqual(['apple', 'quince', 'zebra', ...checkpoints]);
});
