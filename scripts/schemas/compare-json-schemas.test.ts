import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { findJsonSchemaChanges } from './compare-json-schemas.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test changes any part of a schema.
type Json = any;
const path = new URL('../../contracts/events/connection-mandate-changed/schema.v1.json', import.meta.url);
const released: Json = JSON.parse(readFileSync(path, 'utf8'));

/** The released schema with a change. */
const change = (edit: (schema: Json) => void): Json => {
  const schema = structuredClone(released);
  edit(schema);
  return schema;
};

describe('a change of a JSON Schema is compatible', () => {
  it.each<[string, (schema: Json) => void]>([
    ['if there is none', () => {}],
    ['with a new optional field', ({ properties }) => (properties.data.properties.reason = { type: 'string' })],
    [
      'with a new optional object with required fields',
      ({ properties }) => {
        properties.proof = { type: 'object', properties: { kind: { type: 'string' } }, required: ['kind'] };
      },
    ],
    [
      'with another description or example',
      ({ properties }) => {
        properties.sequence.description = 'Digits.';
        delete properties.subject.examples;
      },
    ],
    [
      'with another order of fields and values',
      (schema) => {
        schema.required.reverse();
        schema.properties.data.properties.connectionMandate.enum.reverse();
        schema.properties = Object.fromEntries(Object.entries(schema.properties).reverse());
      },
    ],
  ])('%s', (_, edit) => expect(findJsonSchemaChanges(released, change(edit))).toEqual([]));
});

describe('a change of a JSON Schema is refused, with its field,', () => {
  it.each<[string, string, (schema: Json) => void]>([
    [
      'a removed field',
      'data.connectionMandate was removed',
      ({ properties: { data } }) => delete data.properties.connectionMandate,
    ],
    [
      'a renamed field',
      'data.connectionId was removed or renamed',
      ({ properties: { data } }) => {
        data.properties.connection = data.properties.connectionId;
        delete data.properties.connectionId;
      },
    ],
    ['a removed optional field', 'traceparent was removed', ({ properties }) => delete properties.traceparent],
    [
      'a field that becomes optional',
      'data.connectionMandate is no longer required',
      ({ properties }) => {
        properties.data.required = ['connectionId'];
      },
    ],
    ['a field that becomes required', 'traceparent is newly required', ({ required }) => required.push('traceparent')],
    [
      'a new required field',
      'data.reason is newly required',
      ({ properties: { data } }) => {
        data.properties.reason = { type: 'string' };
        data.required.push('reason');
      },
    ],
    [
      'a narrower enum',
      'data.connectionMandate: enum was ["0","1","2"]',
      ({ properties: { data } }) => data.properties.connectionMandate.enum.pop(),
    ],
    [
      'a wider enum',
      'data.connectionMandate: enum was',
      ({ properties: { data } }) => data.properties.connectionMandate.enum.push('3'),
    ],
    [
      'another pattern',
      'data.connectionId: pattern was',
      ({ properties: { data } }) => (data.properties.connectionId.pattern = '^[0-9]+$'),
    ],
    ['a new limit', 'id: maxLength was absent', ({ properties }) => (properties.id.maxLength = 36)],
    ['another type', 'sequence: type was "string"', ({ properties }) => (properties.sequence.type = 'integer')],
    ['another constant', 'type: const was', ({ properties }) => (properties.type.const += 'x')],
    ['a default', 'traceparent: default was absent', ({ properties }) => (properties.traceparent.default = '')],
    [
      'that unknown fields are refused',
      'data: additionalProperties was absent',
      ({ properties }) => (properties.data.additionalProperties = false),
    ],
    ['no properties', 'specversion was removed', (schema) => delete schema.properties],
    ['a schema that refuses all', 'the event: the schema was', () => {}],
  ])('%s', (what, message, edit) => {
    const current = what === 'a schema that refuses all' ? false : change(edit);
    expect(findJsonSchemaChanges(released, current)).toEqual(
      expect.arrayContaining([expect.stringMatching(new RegExp(`^${message.replaceAll(/[[\].]/g, '\\$&')}`))]),
    );
  });

  it('a new field where the reader refuses unknown ones, also through allOf and anyOf', () => {
    const closed = { type: 'object', properties: {}, additionalProperties: false };
    const withField = { ...closed, properties: { note: {} } };
    expect(findJsonSchemaChanges(closed, withField)).toEqual([expect.stringMatching(/^note is new/)]);
    const open = { type: 'object', properties: {} };
    const [before, after] = [open, { ...open, properties: { note: {} } }];
    expect(findJsonSchemaChanges({ anyOf: [before, { type: 'null' }] }, { anyOf: [after, { type: 'null' }] })).toEqual(
      [],
    );
    for (const rest of [{ allOf: [{ additionalProperties: false }] }, { unevaluatedProperties: false }])
      expect(findJsonSchemaChanges({ anyOf: [before], ...rest }, { anyOf: [after], ...rest })).toHaveLength(1);
    const inside = (data: object, more: object) => ({ properties: { data }, ...more });
    const closing = { allOf: [{ properties: { data: closed } }] };
    expect(findJsonSchemaChanges(inside(before, closing), inside(after, closing))).toEqual([
      expect.stringMatching(/^data\.note is new/),
    ]);
    expect(findJsonSchemaChanges({ oneOf: [before] }, { oneOf: [after] })).toEqual([expect.stringMatching(/oneOf/)]);
  });
});

it('readers of both schemas accept the events of the other after a compatible change', () => {
  const current = change(({ properties }) => (properties.data.properties.reason = { type: 'string' }));
  expect(findJsonSchemaChanges(released, current)).toEqual([]);
  const example = JSON.parse(readFileSync(new URL('examples/v1.json', path), 'utf8'));
  const ajv = new Ajv2020({ formats: { 'date-time': true } });
  const [before, after] = [ajv.compile(released), ajv.compile(current)];
  expect(after(example)).toBe(true);
  expect(before({ ...example, data: { ...example.data, reason: 'moved' } })).toBe(true);
});
