import { expect, it } from 'vitest';
import { judgePrecondition, type Observation } from './probe-state-store.ts';

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
  ['does not create what is absent', { isCreated: false }],
  ['creates over what is there', { isCreatedAgain: true }],
  ['does not show what it created', { first: undefined }],
  ['holds another value than the one it created', { first: { value: 'again', etag: '1' } }],
  ['does not replace what is as it was read', { isReplaced: false }],
  ['does not show what it replaced', { second: undefined }],
  ['holds another value than the one that replaced the first', { second: { value: 'first', etag: '1' } }],
  ['replaces what was written since', { isReplacedByStale: true }],
])('a store that %s has no use for the guard', (_, seen) =>
  expect(judgePrecondition({ ...asRedis, ...seen })).toBeUndefined());

it.each<[string, Partial<Observation>, object]>([
  ['counts its writes', {}, { countsWrites: true, rollsBack: false }],
  ['rolls back', { isOtherWritten: false }, { countsWrites: true, rollsBack: true }],
  ['counts from another number', { first: { value: 'first', etag: '0' } }, { countsWrites: false, rollsBack: false }],
  ['does not count', { second: { value: 'second', etag: 'f3a' } }, { countsWrites: false, rollsBack: false }],
])('a store that %s is used so', (_, seen, capabilities) =>
  expect(judgePrecondition({ ...asRedis, ...seen })).toEqual(capabilities));
