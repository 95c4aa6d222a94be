import { describe, expect, it } from 'vitest';
import { jsonCodec } from './codec.ts';

describe('the JSON codec', () => {
  it('decodes what it encoded', () => {
    const event = { text: 'é☃', list: [1, null], nested: { n: 0.5 } };
    expect(jsonCodec.decode(jsonCodec.encode(event))).toEqual(event);
  });

  it('encodes to the UTF-8 of the JSON text', () =>
    expect(jsonCodec.encode({ text: 'é' })).toEqual(Buffer.from('{"text":"é"}')));

  it('decodes an object that was encoded twice', () =>
    expect(jsonCodec.decode(Buffer.from(JSON.stringify(JSON.stringify({ n: 1 }))))).toEqual({ n: 1 }));

  it.each([
    ['text', 'nonsense', 'not JSON'],
    ['no bytes', '', 'not JSON'],
    ['bytes that are not UTF-8', Buffer.from([0xff, 0x00]), 'not JSON'],
    ['a string in Latin-1', Buffer.from('{"text":"é"}', 'latin1'), 'not JSON in UTF-8'],
    ['a byte order mark', '\uFEFF{}', 'not JSON'],
    ['a JSON string that is not JSON', '"nonsense"', 'not JSON'],
    ['a list', '[]', 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['a number', '7', 'not a JSON object'],
  ])('reports why it cannot decode %s', (_, value, reason) =>
    expect(() => jsonCodec.decode(Buffer.from(value))).toThrow(reason));
});
