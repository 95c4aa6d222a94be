import { expect, it } from 'vitest';
import { deriveCapabilities, type Observation } from './probe-state-store.ts';

const asRedis: Observation = {
  isCreated: true,
  isCreatedAgain: false,
  first: { value: 'first', etag: '1' },
  isReplaced: true,
  second: { value: 'second', etag: '2' },
  isReplacedByStale: false,
  isOtherWritten: true,
};

it.each<[string, Partial<Observation>]>([
  ['does not create an absent key', { isCreated: false }],
  ['creates over an existing key', { isCreatedAgain: true }],
  ['does not return the created value', { first: undefined }],
  ['returns another value than the created one', { first: { value: 'again', etag: '1' } }],
  ['does not replace an unchanged value', { isReplaced: false }],
  ['does not return the replaced value', { second: undefined }],
  ['returns another value than the replacing one', { second: { value: 'first', etag: '1' } }],
  ['replaces a value that changed after the read', { isReplacedByStale: true }],
])('a store that %s does not support the precondition', (_, observed) =>
  expect(deriveCapabilities({ ...asRedis, ...observed })).toBeUndefined());

it.each<[string, Partial<Observation>, object]>([
  ['counts its writes', {}, { countsWrites: true, rollsBack: false }],
  ['rolls back', { isOtherWritten: false }, { countsWrites: true, rollsBack: true }],
  ['counts from another number', { first: { value: 'first', etag: '0' } }, { countsWrites: false, rollsBack: false }],
  ['does not count', { second: { value: 'second', etag: 'f3a' } }, { countsWrites: false, rollsBack: false }],
])('derives the capabilities of a store that %s', (_, observed, capabilities) =>
  expect(deriveCapabilities({ ...asRedis, ...observed })).toEqual(capabilities));
