import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxRevision } from '../../cloud-event.ts';
import { jsonCodec } from '../../codec.ts';
import { createEventReader } from '../../read-event.ts';
import { readCommonJson } from './fast-path.ts';
import { createMandateChangedEvent, mandateLevels } from './schema.ts';
import { connectionMandateChanged, parseConnectionMandate } from './upcasters.ts';

const { readCommonJson: _, ...withoutFastPath } = connectionMandateChanged;
const { parse: parseBySchema } = createEventReader(jsonCodec, withoutFastPath);

const example = JSON.parse(readFileSync(new URL('examples/v1.json', import.meta.url), 'utf8'));
const written = JSON.stringify(example);

/** What a reader makes of a value: the event, or the reason for its refusal. */
const outcomeOf = (parse: typeof parseBySchema, value: Buffer) => {
  try {
    return { event: parse({ value, timestamp: Number(example.sequence), partition: 1, offset: 7 }) };
  } catch (error) {
    return { refusal: (error as Error).message };
  }
};
const expectSameOutcome = (value: Buffer) =>
  expect(outcomeOf(parseConnectionMandate, value), value.toString()).toEqual(outcomeOf(parseBySchema, value));

const connectionId = fc.stringMatching(/^[0-9A-Z-]{1,64}$/);
const event = fc
  .record({
    data: fc.record({ connectionId, connectionMandate: fc.constantFrom(...Object.values(mandateLevels)) }),
    id: fc.oneof(fc.uuid(), fc.string({ minLength: 1 }), fc.string({ unit: 'binary', minLength: 1 })),
    revision: fc.oneof(
      fc.integer({ min: 1, max: maxRevision }),
      fc.constantFrom(1, 999_999_999_999_999, 1e15, maxRevision),
    ),
    time: fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
    traceparent: fc.option(fc.oneof(fc.constant(example.traceparent), fc.string()), { nil: undefined }),
  })
  .map(({ data, ...envelope }) => createMandateChangedEvent(data, envelope));

const days = '2026-02-29 2028-02-29 2026-02-30 2026-11-31 2026-12-31 2026-04-31 2026-13-01 2026-11-00 0000-01-01'.split(
  ' ',
);
const hours = '24:00:00.000 23:59:59.999 09:60:00.000 09:00:60.000 09:00:00 09:00:00.0 09:00 9:00:00'.split(' ');
const numbers =
  '0 1 3 999999999999999 1000000000000000 9007199254740990 9007199254740991 9999999999999999 -1 +1 1e3 1.5';
const oddValues = [
  ...['', 'a b', 'A-', '1'.repeat(64), '1'.repeat(65), 'Ä', '\u007f', '\\', '"', '\n', '7733\n', ' 7733', '\ufeff'],
  ...[null, 0, 2, 7733, true, [], {}, '1.0', '\u2028', '\ud800', '__proto__', 'x'.repeat(2_000), undefined],
  ...days.map((day) => `${day}T09:00:00.000Z`),
  ...hours.map((hour) => `2026-11-21T${hour}Z`),
  ...['2026-11-21T09:00:00+01:00', '+012026-11-21T09:00:00.000Z', '2026-11-21', '0'.repeat(16), '0'.repeat(17), '0007'],
  ...numbers.split(' '),
];
const oddValue = fc.oneof(fc.constantFrom(...oddValues), fc.string({ unit: 'binary', maxLength: 5 }), fc.jsonValue());
const names = [...Object.keys(example), ...Object.keys(example.data), 'later', '__proto__', 'constructor'];

/** Texts that are inserted into the JSON of an event: parts of it, and what JSON or UTF-8 treats in a special way. */
const snippet = fc.oneof(
  fc.constantFrom(...'"\\,:{}[ \n\t\r\0\u00a0\ufeff', '\\u0030', '\\"'),
  fc.constantFrom('0', '1', 'A', 'a', '-', '.', 'é', 'İ', '\u2028', '\ud83d\ude00', 'ſ'),
  fc
    .tuple(fc.constantFrom(...names), oddValue)
    .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value ?? null)}`),
  fc.tuple(fc.nat(written.length), fc.nat(80)).map(([from, length]) => written.slice(from, from + length)),
);
/** Places at the borders of tokens are as likely as all others. */
const borders = [...written.matchAll(/[",:{}]/g)].map(({ index }) => index);
const place = fc.oneof(fc.nat(written.length), fc.constantFrom(0, written.length, ...borders));
const edit = fc.record({
  at: place,
  removed: fc.constantFrom(0, 0, 1, 2, 20),
  inserted: fc.oneof(snippet, fc.constant('')),
});

describe('the fast path gives what the schema gives', () => {
  it('for valid events, and reads those that the CRM publishes', () =>
    fc.assert(
      fc.property(event, (one) => {
        const value = Buffer.from(JSON.stringify(one));
        expectSameOutcome(value);
        const isUsual = /^[ -~]*$/.test(one.id + one.traceparent) && !/["\\]/.test(one.id + one.traceparent);
        if (isUsual && Number(one.sequence) < 1e15 && !one.time.includes('-02-29'))
          expect(readCommonJson(value)).toBeDefined();
      }),
      { numRuns: 2_000 },
    ));

  const change = (changes: Readonly<Record<string, unknown>>) => {
    const { connectionId, connectionMandate } = { ...example.data, ...changes };
    const inTop = Object.entries(changes).filter(([name]) => !(name in example.data));
    return Buffer.from(
      JSON.stringify({ ...example, data: { connectionId, connectionMandate }, ...Object.fromEntries(inTop) }),
    );
  };

  it.each(names)('with each odd value of %s', (name) => {
    for (const value of oddValues) expectSameOutcome(change({ [name]: value }));
  });

  it('with each odd value of the connection in both its places', () => {
    for (const value of oddValues) expectSameOutcome(change({ subject: value, connectionId: value }));
  });

  it('with two changed, absent or additional fields', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), oddValue), { maxLength: 2 }), (changes) => {
        expectSameOutcome(change(Object.fromEntries(changes)));
      }),
      { numRuns: 2_000 },
    ));

  it('with a subject that begins like the connection', () => {
    const ids = ['1', '11', '-', 'A', '1A'];
    for (const subject of ids) for (const connectionId of ids) expectSameOutcome(change({ subject, connectionId }));
  });

  it('for any edited text: other orders, duplicate fields, escapes, blanks, marks and characters', () =>
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let text = written;
        for (const { at, removed, inserted } of edits) text = text.slice(0, at) + inserted + text.slice(at + removed);
        expectSameOutcome(Buffer.from(text));
      }),
      { numRuns: 10_000 },
    ));

  it('for any edited byte, also where the bytes are not UTF-8', () =>
    fc.assert(
      fc.property(fc.nat(Buffer.byteLength(written) - 1), fc.nat(255), (at, byte) => {
        const value = Buffer.from(written);
        value[at] = byte;
        expectSameOutcome(value);
      }),
      { numRuns: 10_000 },
    ));
});

describe('the fast path', () => {
  it('leaves all other forms to the full reader', () => {
    expect(readCommonJson(Buffer.from(written))).toBeDefined();
    const { subject, ...rest } = example;
    const others = [JSON.stringify(example, undefined, 1), `\ufeff${written}`, `${written}\n`, written.repeat(2)];
    const events = [
      { subject, ...rest },
      { ...example, later: 1 },
      { ...example, sequence: '0007' },
    ];
    for (const text of [...others, ...events.map((one) => JSON.stringify(one)), JSON.stringify(written), '', 'null'])
      expect(readCommonJson(Buffer.from(text)), text).toBeUndefined();
  });

  it('does not try values that are larger than any event of the CRM', () => {
    const event = { ...example, id: 'x'.repeat(2_000) };
    expect(readCommonJson(Buffer.from(JSON.stringify(event)))).toBeUndefined();
    expectSameOutcome(Buffer.from(JSON.stringify(event)));
  });
});
