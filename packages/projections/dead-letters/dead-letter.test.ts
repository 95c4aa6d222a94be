import { expect, it } from 'vitest';
import type { OutgoingEvent } from '../event-bus.ts';
import { createDeadLetter } from './dead-letter.ts';

const mebibyte = 1024 * 1024;
const context = { now: new Date(0), newId: () => 'new id' };
const letter = (value: Buffer, place: object = { partition: 2, offset: 7 }) =>
  createDeadLetter({ record: { topic: 'things', value, timestamp: 5, key: 'k', ...place }, reason: 'why' }, context);
const dataOf = ({ value }: OutgoingEvent) => JSON.parse(value.toString()).data;

it('keeps readable values as text, and other bytes as base64', () => {
  expect(dataOf(letter(Buffer.from('né')))).toMatchObject({ value: 'né', reason: 'why', timestamp: 5 });
  expect(dataOf(letter(Buffer.from([0xff])))).toMatchObject({ valueBase64: '/w==' });
});

it('takes its id from partition and offset of the record, or a new id without them', () => {
  expect(letter(Buffer.from('x')).id).toBe('things/2/7');
  expect(letter(Buffer.from('x'), {}).id).toBe('new id');
});

it.each([
  ['text', 'x'],
  ['characters that JSON escapes', '\u0000'],
  ['quotes', '"'],
  ['surrogates', '😀'],
])('fits into its topic when the record was a mebibyte of %s', (_, character) =>
  expect(letter(Buffer.alloc(mebibyte, character)).value.length).toBeLessThan(3 * mebibyte));

it('is marked as truncated when the record was larger', () =>
  expect(dataOf(letter(Buffer.alloc(2 * mebibyte, 'x')))).toMatchObject({ truncated: true }));
