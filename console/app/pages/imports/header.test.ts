import { describe, expect, it } from 'vitest';
import { importPath, readHeader } from './header.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('the header of a file', () => {
  it.each([
    ['firstName,lastName\nEva,Vos\n', ['firstName', 'lastName']],
    ['klantcode;Voornaam;EAN\r\n', ['klantcode', 'Voornaam', 'EAN']],
    ['\uFEFFsep=;\na;b\n', ['a', 'b']],
    ['"Name, first";"last"\rx;y', ['Name, first', 'last']],
    ['a\tb\n', ['a', 'b']],
    ['only', ['only']],
    ['', ['']],
  ])('%j has the columns %j', (text, names) => expect(readHeader(bytes(text))).toEqual(names));

  it('is read as UTF-16, Windows-1252 or the chosen encoding', () => {
    expect(readHeader(Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x2c, 0, 0x62, 0))).toEqual(['a', 'b']);
    expect(readHeader(Uint8Array.of(0x5a, 0xe4, 0x68, 0x6c, 0x3b, 0x62))).toEqual(['Zähl', 'b']);
    expect(readHeader(Uint8Array.of(0xa3, 0x2c, 0x62), 'windows-1250')).toEqual(['Ł', 'b']);
  });

  it('may be cut within a character', () => expect(readHeader(bytes('a,é').slice(0, -1))).toEqual(['a', '']));
});

it('sends the chosen columns, and escapes every name', () => {
  const options = { fileName: 'a&b.csv', isDryRun: true, onConflict: 'skip' };
  expect(importPath({ ...options, choices: { 'klant code': 'customerId', city: '' } })).toBe(
    '/imports?fileName=a%26b.csv&dryRun=true&onConflict=skip&column=klant+code%3DcustomerId',
  );
});
