import { readFileSync } from 'node:fs';
import avsc from 'avsc';
import { describe, expect, it } from 'vitest';
import { mandateChangedSchema } from '../../contracts/events/connection-mandate-changed/schema.ts';
import { findAvroChanges } from './compare-avro-schemas.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test changes any part of a schema.
type Json = any;
const folder = new URL('../../contracts/events/connection-mandate-changed/', import.meta.url);
const readJson = (name: string): Json => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const released = readJson('schema.v1.avsc');

const change = (edit: (fields: Json[], data: Json[], schema: Json) => unknown): Json => {
  const schema = structuredClone(released);
  edit(schema.fields, schema.fields.at(-1).type.fields, schema);
  return schema;
};
const reason = { name: 'reason', type: 'string', default: '' };
const withReason = change((_, data) => data.push(reason));

it('the Avro schema has the fields of the JSON Schema, and writes and reads the example', () => {
  const example = readJson('examples/v1.json');
  const type = avsc.Type.forSchema(released);
  const { properties, required } = readJson('schema.v1.json');
  expect(released.fields.map(({ name }: Json) => name)).toEqual(Object.keys(properties));
  expect(released.fields.flatMap((field: Json) => (field.default === undefined ? [field.name] : []))).toEqual(required);
  expect(released.fields.at(-1).type.fields.map(({ name }: Json) => name)).toEqual(
    Object.keys(properties.data.properties),
  );
  expect(JSON.parse(JSON.stringify(type.fromBuffer(type.toBuffer(example))))).toEqual(example);
});

it('an event without the optional fields is still valid after Avro has filled in their defaults', () => {
  const { traceparent: _, datacontenttype: __, ...example } = readJson('examples/v1.json');
  const type = avsc.Type.forSchema(released);
  const read = JSON.parse(JSON.stringify(type.fromBuffer(type.toBuffer(example))));
  expect(mandateChangedSchema.safeParse(read).success).toBe(true);
});

describe('a change of an Avro schema', () => {
  it.each<[string, Json]>([
    ['that is none', released],
    ['with a new field with a default', withReason],
    ['with another documentation', change((fields) => (fields[0].doc = 'The version of CloudEvents.'))],
  ])('is compatible: one %s', (_, current) => expect(findAvroChanges(released, current)).toEqual([]));

  it.each<[string, string, Json]>([
    [
      'a new field without a default',
      'data.reason is new and has no default',
      change((_, data) => data.push({ name: 'reason', type: 'string' })),
    ],
    ['a removed field', 'data.connectionMandate was removed', change((_, data) => data.pop())],
    ['a removed field with a default', 'traceparent was removed', change((fields) => fields.splice(8, 1))],
    ['a renamed field', 'data.connectionId was removed or renamed', change((_, data) => (data[0].name = 'connection'))],
    [
      'a renamed field with an alias',
      'data.connectionId was removed',
      change((_, data) => Object.assign(data[0], { name: 'connection', aliases: ['connectionId'] })),
    ],
    [
      'a default for the mandate',
      'data.connectionMandate: default was absent',
      change((_, data) => (data[1].default = '2')),
    ],
    ['another default', 'traceparent: default was ""', change((fields) => (fields[8].default = 'none'))],
    ['another type', 'sequence: type was "string" and is "long"', change((fields) => (fields[7].type = 'long'))],
    ['a type that Avro can promote', 'sequence: type was', change((fields) => (fields[7].type = 'bytes'))],
    ['a field that may be null', 'sequence: type was', change((fields) => (fields[7].type = ['null', 'string']))],
    ['another name of the record', 'the event: name was', change((_, __, schema) => (schema.name = 'MandateChanged'))],
  ])('is refused with its field: %s', (_, message, current) =>
    expect(findAvroChanges(released, current)).toEqual(
      expect.arrayContaining([expect.stringMatching(new RegExp(`^${message}`))]),
    ));

  it('is refused if the schema is not valid', () =>
    expect(() =>
      findAvroChanges(
        released,
        change((fields) => (fields[0].type = 'text')),
      ),
    ).toThrow('text'));
});

it('readers of both schemas read the records of the other after a compatible change', () => {
  const [before, after] = [avsc.Type.forSchema(released), avsc.Type.forSchema(withReason)];
  const example = readJson('examples/v1.json');
  const read = (reader: avsc.Type, writer: avsc.Type, value: Json) =>
    JSON.parse(JSON.stringify(reader.fromBuffer(writer.toBuffer(value), reader.createResolver(writer))));
  expect(read(after, before, example)).toEqual({
    ...example,
    data: { ...example.data, reason: '' },
  });
  expect(read(before, after, { ...example, data: { ...example.data, reason: 'moved' } })).toEqual(example);
});
