import { expect, it } from 'vitest';
import type { JsonSchema } from './document.ts';
import { type Field, listFields } from './list-fields.ts';

const field = (path: string, type: string, more: Partial<Field> = {}): Field => ({
  path,
  type,
  isRequired: true,
  description: undefined,
  rules: [],
  pattern: undefined,
  example: undefined,
  ...more,
});

it('lists nested fields below the names of their objects, with what a value must satisfy', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      kind: { type: 'string', const: 'tree' },
      at: { type: 'string', format: 'date-time', description: 'When it was planted.' },
      size: { type: 'integer', minimum: 1, maximum: 9 },
      colour: { type: 'string', enum: ['red', 'green'], examples: ['green'] },
      name: { type: 'string', minLength: 1, maxLength: 7, allOf: [{ pattern: '\\S' }, { pattern: '^[a-z]*$' }] },
      note: { type: ['string', 'null'] },
      place: {
        anyOf: [{ type: 'object', properties: { row: { type: 'integer' } }, required: ['row'] }, { type: 'null' }],
      },
      leaves: { type: 'array', items: { type: 'object', properties: { id: { type: 'string', pattern: '^l' } } } },
      anything: {},
    },
    required: ['kind', 'at', 'size', 'colour', 'name', 'place', 'leaves', 'anything'],
  };
  const example = {
    kind: 'tree',
    at: '2026-11-21T09:00:00Z',
    size: 3,
    colour: 'red',
    name: 'oak',
    note: null,
    place: { row: 4 },
    leaves: [{ id: 'l1' }],
    anything: false,
  };
  expect(listFields(schema, example)).toEqual([
    field('kind', 'string', { rules: ['always "tree"'], example: '"tree"' }),
    field('at', 'string', {
      description: 'When it was planted.',
      rules: ['format date-time'],
      example: '"2026-11-21T09:00:00Z"',
    }),
    field('size', 'integer', { rules: ['at least 1', 'at most 9'], example: '3' }),
    field('colour', 'string', { rules: ['one of "red", "green"'], example: '"green"' }),
    field('name', 'string', {
      rules: ['at least 1 characters', 'at most 7 characters'],
      pattern: '\\S and ^[a-z]*$',
      example: '"oak"',
    }),
    field('note', 'string or null', { isRequired: false, example: 'null' }),
    field('place', 'object or null'),
    field('place.row', 'integer', { example: '4' }),
    field('leaves', 'array', { example: '[{"id":"l1"}]' }),
    field('leaves[].id', 'string', { isRequired: false, pattern: '^l', example: '"l1"' }),
    field('anything', 'any', { example: 'false' }),
  ]);
});

it('lists the fields without an example too', () =>
  expect(listFields({ type: 'object', properties: { a: { type: 'object', properties: { b: {} } } } }, null)).toEqual([
    field('a', 'object', { isRequired: false }),
    field('a.b', 'any', { isRequired: false }),
  ]));
