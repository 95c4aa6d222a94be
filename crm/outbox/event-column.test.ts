import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromColumn, toColumn } from './event-column.ts';

describe('the event column of the outbox', () => {
  it('decodes any bytes as they were encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromColumn(toColumn(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(fromColumn(toColumn(Buffer.from(text)))).toEqual(Buffer.from(text));
      }),
    );
  });

  it('stores JSON as plain text, so that this and the previous release can publish each other’s rows', () => {
    const json = '{"text":"é☃"}';
    expect(toColumn(Buffer.from(json))).toBe(json);
    expect(fromColumn(json)).toEqual(Buffer.from(json));
  });

  it.each([
    ['bytes that are not UTF-8', Buffer.from([0xff, 0x01]), 'base64:/wE='],
    ['a zero byte', Buffer.from('a\0b'), 'base64:YQBi'],
    ['a text that looks like the marker', Buffer.from('base64:YQ=='), 'base64:YmFzZTY0OllRPT0='],
  ])('stores %s as base64', (_, value, column) => {
    expect(toColumn(value)).toBe(column);
    expect(fromColumn(column)).toEqual(value);
  });
});
