import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { maxRevision } from '../../cloud-event.ts';
import { createMandateChangedEvent, mandateChangedSchema } from './schema.ts';
import { findConnectionOfUnreadable, parseConnectionMandate } from './upcasters.ts';

const example = JSON.parse(readFileSync(new URL('examples/v1.json', import.meta.url), 'utf8'));
const timestamp = Number(example.sequence) + 2;
const parse = (content: unknown) => parseConnectionMandate({ value: Buffer.from(JSON.stringify(content)), timestamp });
const change = (event: object) => ({ ...example, ...event });

describe('an event of connection-mandates-topic', () => {
  it('is parsed from our CloudEvent', () =>
    expect(parse(example)).toEqual({
      data: { connectionId: '7733', connectionMandate: '2' },
      revision: 1795251600000,
      time: '2026-11-21T09:00:00.000Z',
      traceparent: example.traceparent,
    }));

  it('is created like the golden example', () =>
    expect(
      createMandateChangedEvent(example.data, {
        id: example.id,
        revision: Number(example.sequence),
        time: new Date(example.time),
        traceparent: example.traceparent,
      }),
    ).toEqual(example));

  it('has the published JSON Schema', () => {
    // After an intended change, write the output of z.toJSONSchema to the file.
    const schema = JSON.parse(readFileSync(new URL('schema.v1.json', import.meta.url), 'utf8'));
    expect(z.toJSONSchema(mandateChangedSchema, { io: 'input' })).toEqual(schema);
  });

  it.each(readdirSync(new URL('examples', import.meta.url)))('is parsed from the bytes of the example %s', (file) => {
    const value = readFileSync(new URL(`examples/${file}`, import.meta.url));
    const { connectionId, connectionMandate } = parseConnectionMandate({ value, timestamp }).data;
    expect([connectionId, connectionMandate]).toEqual(file === 'v1.json' ? ['7733', '2'] : ['4617', '1']);
  });

  it('is parsed even with a malformed traceparent', () =>
    expect(parse(change({ traceparent: 'nonsense' })).data).toEqual(example.data));

  it('may have unknown fields', () =>
    expect(parse(change({ later: 1, data: { ...example.data, later: 2 } })).data).toEqual(example.data));

  const plain = { connectionId: '4617', connectionMandate: '1' };
  const fromLab = { data: plain, revision: 0, time: new Date(timestamp).toISOString() };
  const fromDapr = (data: unknown) => ({ specversion: '1.0', type: 'com.dapr.event.sent', data });

  it.each([
    ['the bare payload of the lab', plain],
    ['that payload with numbers', { connectionId: 4617, connectionMandate: 1 }],
    ['the payload as a string inside JSON', JSON.stringify(plain)],
    ['the payload in a Dapr envelope', fromDapr(plain)],
    ['the string in a Dapr envelope', fromDapr(JSON.stringify(plain))],
  ])('is parsed from %s, with revision 0', (_, content) => expect(parse(content)).toEqual(fromLab));
});

describe('the revision of an event', () => {
  const withSequence = (sequence: string) => ({
    value: Buffer.from(JSON.stringify(change({ sequence }))),
    timestamp: Number.MAX_SAFE_INTEGER,
  });

  it.each(['1000000000000000', '0000000000000007', String(maxRevision)])('may have sixteen digits: %s', (sequence) =>
    expect(parseConnectionMandate(withSequence(sequence)).revision).toBe(Number(sequence)));

  it.each([
    ['zero, which a payload without a revision has', '0'],
    ['one too high', String(maxRevision + 1)],
    ['one that a number rounds', '9007199254740993'],
    ['of seventeen digits', '00000000000000001'],
  ])('is refused if it is invalid: %s', (_, sequence) => {
    expect(() => parseConnectionMandate(withSequence(sequence))).toThrow('sequence: 1 to 16 decimal digits');
  });
});

describe('a record that can never be applied', () => {
  const reason = (value: string) => () => parseConnectionMandate({ value: Buffer.from(value), timestamp });

  it.each([
    ['not JSON', 'nonsense', 'not JSON'],
    ['empty', '', 'not JSON'],
    ['a JSON null', 'null', 'not a JSON object'],
    ['a JSON list', '[]', 'not a JSON object'],
    ['a string that is not JSON', '"nonsense"', 'not JSON'],
    ['without a mandate', '{"connectionId":"1"}', 'connectionMandate'],
    ['mandate 7', JSON.stringify(change({ data: { connectionId: '7733', connectionMandate: '7' } })), '0 (none)'],
    ['a long connectionId', JSON.stringify({ connectionId: '1'.repeat(300), connectionMandate: '1' }), 'connectionId'],
    ['an unknown type', JSON.stringify(change({ type: 'constructor' })), 'unknown event type constructor'],
    ['another subject', JSON.stringify(change({ subject: '1' })), 'subject 1'],
    ['no sequence', JSON.stringify(change({ sequence: undefined })), 'sequence'],
  ])('is refused with a reason: %s', (_, value, why) => expect(reason(value)).toThrow(why));
});

describe('partition and offset of a change', () => {
  const value = Buffer.from(JSON.stringify(example));
  it('are those of its record, or of the record that it replays', () => {
    expect(parseConnectionMandate({ value, timestamp, partition: 2, offset: 7 }).place).toEqual([2, 7]);
    const replayed = { value, timestamp, partition: 2, offset: 7, replayOf: { partition: 2, offset: 3 } };
    expect(parseConnectionMandate(replayed).place).toEqual([2, 3]);
  });
});

describe('a revision far ahead of its record', () => {
  it('is applied, because no clock decides, and flagged to be counted', () => {
    const ahead = parse(change({ sequence: String(timestamp + 300_001) }));
    expect(ahead).toMatchObject({ revision: timestamp + 300_001, isAhead: true });
    expect(parse(change({ sequence: String(timestamp + 300_000) }))).not.toHaveProperty('isAhead');
    expect(parse(change({ sequence: '1' })).revision).toBe(1);
  });
});

describe('the connection that an unreadable record concerns', () => {
  it.each([
    ['the one that its payload names', '{"connectionId":"4617","connectionMandate":"7"}', '7733', '4617'],
    ['the one that its payload names by number', '{"connectionId":4617}', undefined, '4617'],
    ['the one in the data of its event', JSON.stringify(change({ type: 'later', subject: '1' })), '9', '7733'],
    [
      'the one in the data that is a string',
      '{"specversion":"1.0","data":"{\\"connectionId\\":\\"4617\\"}"}',
      '9',
      '4617',
    ],
    ['the subject of its event', JSON.stringify(change({ data: 5 })), '9', '7733'],
    ['its key if it is not JSON', 'nonsense', '7733', '7733'],
    ['its key if it has no value', '', '7733', '7733'],
    ['its key if it names an invalid connection', '{"connectionId":"a b"}', '7733', '7733'],
    ['none if neither names one', 'nonsense', 'same', undefined],
    ['none without a key', '[]', undefined, undefined],
  ])('is %s', (_, value, key, expected) =>
    expect(findConnectionOfUnreadable({ value: Buffer.from(value), ...(key !== undefined && { key }) })).toBe(
      expected,
    ));
});
