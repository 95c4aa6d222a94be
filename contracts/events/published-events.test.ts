import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ReadEvent, RecordToRead } from '../read-event.ts';
import { createCustomerChangedEvent, customerChangedSchema } from './customer-changed/schema.ts';
import { findCustomerOfUnreadable, parseCustomerChange } from './customer-changed/upcasters.ts';
import { createCustomerRegisteredEvent, customerRegisteredSchema } from './customer-registered/schema.ts';
import { findRegistrationOfUnreadable, parseCustomerRegistration } from './customer-registered/upcasters.ts';
import { createGreetingPostedEvent, greetingPostedSchema } from './greeting-posted/schema.ts';
import { findGreetingOfUnreadable, parseGreeting } from './greeting-posted/upcasters.ts';
import { createOrderChangedEvent, orderChangedSchema } from './order-changed/schema.ts';
import { findOrderOfUnreadable, parseOrderChange } from './order-changed/upcasters.ts';

type Published = {
  folder: string;
  schema: z.ZodType;
  create(data: object, envelope: { id: string; revision: number; time: Date; traceparent?: string }): object;
  parse(record: RecordToRead): ReadEvent<object>;
  findSubject(record: { value: Buffer; key?: string }): string | undefined;
};

const events = [
  {
    folder: 'customer-changed',
    schema: customerChangedSchema,
    create: createCustomerChangedEvent as unknown as Published['create'],
    parse: parseCustomerChange,
    findSubject: findCustomerOfUnreadable,
  },
  {
    folder: 'customer-registered',
    schema: customerRegisteredSchema,
    create: createCustomerRegisteredEvent as unknown as Published['create'],
    parse: parseCustomerRegistration,
    findSubject: findRegistrationOfUnreadable,
  },
  {
    folder: 'order-changed',
    schema: orderChangedSchema,
    create: createOrderChangedEvent as unknown as Published['create'],
    parse: parseOrderChange,
    findSubject: findOrderOfUnreadable,
  },
  {
    folder: 'greeting-posted',
    schema: greetingPostedSchema,
    create: createGreetingPostedEvent as unknown as Published['create'],
    parse: parseGreeting,
    findSubject: findGreetingOfUnreadable,
  },
] satisfies Published[];

const readJson = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const encode = (content: unknown) => Buffer.from(JSON.stringify(content));

describe.each(events)('the event $folder', ({ folder, schema, create, parse, findSubject }) => {
  const example = readJson(`${folder}/examples/v1.json`);
  const timestamp = Date.parse(example.time);
  const parseContent = (content: unknown) => parse({ value: encode(content), timestamp });

  it('is parsed from its example', () =>
    expect(parseContent(example)).toEqual({
      data: example.data,
      revision: Number(example.sequence),
      time: example.time,
      traceparent: example.traceparent,
    }));

  it('is created like the golden example', () => {
    const { id, sequence, time, traceparent } = example;
    expect(create(example.data, { id, revision: Number(sequence), time: new Date(time), traceparent })).toEqual(
      example,
    );
  });

  it('has the published JSON Schema', () =>
    // After an intended change, write the output of z.toJSONSchema to the file.
    expect(z.toJSONSchema(schema, { io: 'input' })).toEqual(readJson(`${folder}/schema.v1.json`)));

  it('may have unknown fields', () =>
    expect(parseContent({ ...example, later: 1, data: { ...example.data, later: 2 } }).data).toEqual(example.data));

  it('is refused with the subject of another entity', () => {
    const other = example.subject === '7' ? '8' : '9b0f8f0e-6f0a-4c59-9d6c-6f1f0e0d5a09';
    expect(() => parseContent({ ...example, subject: other })).toThrow(`subject ${other} is not data.`);
  });

  it('is refused without its data, and its subject is still found', () => {
    const { data: _, ...withoutData } = example;
    expect(() => parseContent(withoutData)).toThrow('data');
    expect(findSubject({ value: encode(withoutData) })).toBe(example.subject);
  });

  it.each([
    ['a payload without an envelope', { message: 'Hello' }, 'not a CloudEvent'],
    ['an unknown type', { ...example, type: 'utility.crm.unknown.v1' }, 'unknown event type'],
  ])('is refused as %s', (_, content, reason) => expect(() => parseContent(content)).toThrow(reason));
});

it('a name of 100 characters outside the BMP is parsed, as the CRM accepts it', () => {
  const example = readJson('customer-changed/examples/v1.json');
  const record = { ...example.data.record, lastName: '𠮷'.repeat(100) };
  const event = { ...example, data: { ...example.data, record } };
  expect(parseCustomerChange({ value: encode(event), timestamp: 0 }).data).toEqual(event.data);
});

it('an order whose sequence is not its version is refused', () => {
  const example = readJson('order-changed/examples/v1.json');
  const parse = () => parseOrderChange({ value: encode({ ...example, sequence: '3' }), timestamp: 0 });
  expect(parse).toThrow('sequence 3 is not data.version 2');
});

describe('a tombstone of customers-topic', () => {
  const tombstone = { value: Buffer.alloc(0), timestamp: Date.parse('2026-11-21T10:00:00Z') };

  it('is the final state of the customer that is its key', () => {
    const erased = parseCustomerChange({ ...tombstone, key: '7', partition: 1, offset: 5 });
    expect(erased).toEqual({
      data: { customerId: '7', isErased: true },
      revision: Number.MAX_SAFE_INTEGER - 1,
      time: '2026-11-21T10:00:00.000Z',
      place: [1, 5],
    });
  });

  it.each([undefined, '', 'Corinne', '0'])('with the key %j is refused', (key) =>
    expect(() => parseCustomerChange({ ...tombstone, ...(key !== undefined && { key }) })).toThrow('a whole number'));
});
