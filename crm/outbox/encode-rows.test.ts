import { expect, it } from 'vitest';
import type { Codec } from '../../contracts/codec.ts';
import { mandatesTopicNames, topics } from '../../contracts/topics.ts';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { encodeRows, findCodec } from './encode-rows.ts';
import { followEncoding } from './follow-encoding.ts';
import { appendToOutbox } from './outbox.ts';

const row = (id: string, event: object) => ({ id, eventKey: `key-${id}`, event: JSON.stringify(event) });

/** Refuses events without `good`. */
const strictCodec: Codec = {
  contentType: 'strict',
  encode: (event) => {
    if (!('good' in event)) throw new Error('good: missing');
    return Buffer.from('encoded');
  },
  decode: () => ({}),
};

it('an event that the codec refuses is named with its key and field, and holds up no other', async () => {
  const rows = [row('1', { good: 1 }), row('2', { bad: 1 }), row('3', { good: 1 })];
  const { events, refused } = await encodeRows(strictCodec, 'topic', rows);
  expect(events.map(({ id }) => id)).toEqual(['1', '3']);
  expect([...(refused?.ids ?? [])]).toEqual(['2']);
  expect(refused?.message).toBe('not valid for topic (strict): event 2 of key key-2: good: missing');
});

it('no event is encoded while the codec cannot be prepared', async () => {
  const down = { ...strictCodec, prepareToEncode: () => Promise.reject(new Error('the registry does not answer')) };
  await expect(encodeRows(down, 'topic', [row('1', { good: 1 })])).rejects.toThrow('the registry does not answer');
});

it('JSON is published as it is stored, and a tombstone stays empty', async () => {
  const codec = findCodec(topics.orders.name);
  const rows = [row('1', { a: 'é' }), { id: '2', eventKey: 'k', event: '' }];
  const { events } = await encodeRows(codec, topics.orders.name, rows);
  expect(events.map(({ value }) => value.toString())).toEqual(['{"a":"é"}', '']);
});

it('waiting mandates of another encoding go to the topic of this one, and no other event moves', async () => {
  const db = await openTestDatabase();
  const events = [
    { topic: { ...topics.connectionMandates, name: mandatesTopicNames.avro }, id: 'a', key: '7733', event: {} },
    { topic: topics.orders, id: 'b', key: '1', event: {} },
  ];
  await db.transaction().execute((trx) => appendToOutbox(trx, events, 0));
  await followEncoding(db);
  const rows = await db.selectFrom('outbox').select(['id', 'topic']).orderBy('id').execute();
  expect(rows).toEqual([
    { id: 'a', topic: mandatesTopicNames.json },
    { id: 'b', topic: topics.orders.name },
  ]);
});
