import { expect, it } from 'vitest';
import type { OutgoingEvent } from '../event-bus.ts';
import { deadLetter } from './dead-letter.ts';

const mebibyte = 1024 * 1024;
const context = { now: new Date(0), newId: () => 'new id' };
const letter = (value: Buffer, place: object = { partition: 2, offset: 7 }) =>
  deadLetter({ topic: 'things', value, timestamp: 5, key: 'k', ...place }, 'why', context);
const dataOf = ({ value }: OutgoingEvent) => JSON.parse(value.toString()).data;

it('keeps what people can read as text, and other bytes as base64', () => {
  expect(dataOf(letter(Buffer.from('né')))).toMatchObject({ value: 'né', reason: 'why', timestamp: 5 });
  expect(dataOf(letter(Buffer.from([0xff])))).toMatchObject({ valueBase64: '/w==' });
});

it('has the id of the record’s place, or a new one where there is no place', () => {
  expect(letter(Buffer.from('x')).id).toBe('things/2/7');
  expect(letter(Buffer.from('x'), {}).id).toBe('new id');
});

it.each([
  ['text', 'x'],
  ['what JSON escapes', '\u0000'],
  ['quotes', '"'],
  ['surrogates', '😀'],
])('fits into its topic even where the record was a mebibyte of %s', (_, character) =>
  expect(letter(Buffer.alloc(mebibyte, character)).value.length).toBeLessThan(3 * mebibyte));

it('says that it was cut, where the record was larger still', () =>
  expect(dataOf(letter(Buffer.alloc(2 * mebibyte, 'x')))).toMatchObject({ truncated: true }));
