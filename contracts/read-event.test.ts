import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cloudEventSchema, createCloudEvent } from './cloud-event.ts';
import { type Codec, jsonCodec } from './codec.ts';
import { createEventReader, type EventContract, validate } from './read-event.ts';

/** A second event, as a folder of contracts/events would declare it. */
const type = 'utility.crm.order-placed.v1';
const dataSchema = z.object({ orderId: z.string().regex(/^\d+$/), product: z.string() });
const schema = cloudEventSchema(type, { subject: dataSchema.shape.orderId, data: dataSchema });
const orderPlaced: EventContract<z.infer<typeof dataSchema>> = {
  upcasters: {
    [type]: (event) => {
      const { data, sequence, time } = validate(schema, event);
      return { data, revision: Number(sequence), time };
    },
  },
  subject: { field: 'orderId', schema: dataSchema.shape.orderId },
};
const data = { orderId: '12', product: 'a meter' };
const event = createCloudEvent(
  { source: '/crm', type, subject: '12', data },
  { id: 'x', revision: 7, time: new Date(5_000) },
);
const binaryCodec: Codec = { contentType: 'application/octet-stream', encode: serialize, decode: deserialize };

describe.each([
  ['JSON', jsonCodec],
  ['a binary codec', binaryCodec],
])('another event, in %s,', (_, codec) => {
  const { parse, findSubjectOfUnreadable } = createEventReader(codec, orderPlaced);
  const value = (change: object) => codec.encode({ ...event, ...change });

  it('is parsed by its upcaster', () =>
    expect(parse({ value: codec.encode(event), timestamp: 6_000, partition: 1, offset: 2 })).toEqual({
      data,
      revision: 7,
      time: new Date(5_000).toISOString(),
      place: [1, 2],
    }));

  it.each([
    ['the invalid field', value({ data: { ...data, product: 5 } }), 'data.product'],
    [
      'an unknown type',
      value({ type: 'utility.crm.order-placed.v9' }),
      'unknown event type utility.crm.order-placed.v9',
    ],
    ['a missing envelope', codec.encode(data), 'not a CloudEvent'],
  ])('is refused with a reason that names %s', (_, refused, reason) =>
    expect(() => parse({ value: refused, timestamp: 0 })).toThrow(reason));

  it('is refused if its codec cannot decode it, and then concerns the subject in its key', () => {
    const broken = { value: Buffer.from([0xfe, 0x00]), timestamp: 0, key: '12' };
    expect(() => parse(broken)).toThrow();
    expect(findSubjectOfUnreadable(broken)).toBe('12');
  });

  it('concerns the subject in its data if it cannot be parsed', () =>
    expect(findSubjectOfUnreadable({ value: value({ type: 'later', data: { orderId: '99' } }), key: '12' })).toBe(
      '99',
    ));
});

it('is read in its common form first, and gets place and flag in any form', () => {
  const time = new Date(5_000).toISOString();
  const readCommonJson = (value: Buffer) =>
    value.toString() === 'common' ? { data, revision: 999_999, time } : undefined;
  const { parse } = createEventReader(jsonCodec, { ...orderPlaced, readCommonJson });
  const rest = { timestamp: 6_000, partition: 1, offset: 2 };
  const common = { data, revision: 999_999, time, place: [1, 2], isAhead: true };
  expect(parse({ value: Buffer.from('common'), ...rest })).toEqual(common);
  expect(parse({ value: jsonCodec.encode(event), ...rest })).toEqual({ data, revision: 7, time, place: [1, 2] });
  const { parse: parseBinary } = createEventReader(binaryCodec, { ...orderPlaced, readCommonJson });
  expect(() => parseBinary({ value: Buffer.from('common'), ...rest })).toThrow();
});
