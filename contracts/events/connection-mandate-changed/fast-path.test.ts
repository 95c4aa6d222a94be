import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isValidMandateChanged } from './fast-path.ts';
import { mandateChangedSchema } from './schema.ts';
import { parseConnectionMandate } from './upcasters.ts';

const example = JSON.parse(readFileSync(new URL('examples/v1.json', import.meta.url), 'utf8'));
const timestamp = Number(example.sequence) + 2;

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    '0',
    '3',
    '7733',
    'a b',
    '1'.repeat(65),
    'ÄÖ',
    null,
    0,
    2,
    true,
    [],
    {},
    '1.0',
    '7733\n',
  ),
  fc.constantFrom<unknown>(
    '2026-02-29T09:00:00.000Z',
    '2028-02-29T09:00:00Z',
    '2026-11-21T09:00:00+01:00',
    '2026-11-21',
  ),
  fc.constantFrom<unknown>('2026-11-31T09:00:00Z', '2026-11-21T24:00:00Z', '2026-11-21T09:00Z', '0'.repeat(16), '-1'),
  fc.constantFrom<unknown>('0'.repeat(17), '9007199254740990', '9007199254740991', '9999999999999999'),
  fc.jsonValue(),
);
const fields = ['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'sequence', 'traceparent'];
const inEvent = fc.tuple(fc.constantFrom(...fields, 'data', 'later'), odd).map(([name, value]) => ({ [name]: value }));
const inData = fc
  .tuple(fc.constantFrom('connectionId', 'connectionMandate', 'later'), odd)
  .map(([name, value]) => ({ data: { ...example.data, [name]: value } }));
const without = fc.constantFrom(...fields, 'data').map((name) => ({ [name]: undefined }));
const event = fc
  .array(fc.oneof(inEvent, inData, without), { maxLength: 2 })
  .map((changes) => JSON.parse(JSON.stringify(Object.assign({}, example, ...changes))));

it('accepts the golden example on the fast path', () => expect(isValidMandateChanged(example)).toBe(true));

it('accepts exactly the events that the schema accepts', () =>
  fc.assert(
    fc.property(event, (candidate) => {
      const result = mandateChangedSchema.safeParse(candidate);
      expect(isValidMandateChanged(candidate)).toBe(result.success);
    }),
    { numRuns: 3_000 },
  ));

it('reads the same values as the schema', () =>
  fc.assert(
    fc.property(event, (candidate) => {
      const result = mandateChangedSchema.safeParse(candidate);
      fc.pre(result.success && result.data.subject === result.data.data.connectionId);
      const { data, sequence, time, traceparent } = mandateChangedSchema.parse(candidate);
      fc.pre(Number(sequence) <= timestamp);
      const read = parseConnectionMandate({ value: Buffer.from(JSON.stringify(candidate)), timestamp });
      expect(read).toEqual({ data, revision: Number(sequence), time, ...(traceparent && { traceparent }) });
    }),
    { numRuns: 1_000 },
  ));
