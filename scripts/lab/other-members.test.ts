import { expect, it } from 'vitest';
import { readOtherMembers } from './other-members.ts';

it('a lab runs with the members that are named, each once', () => {
  expect(readOtherMembers([], {})).toEqual([]);
  expect(readOtherMembers(['billing', 'billing'], {})).toEqual(['billing']);
});

it.each([
  [['shipping'], {}, '--with shipping is unknown: a lab can run with billing.'],
  [['billing'], { MANDATES_ENCODING: 'avro' }, 'needs the mandates in JSON'],
  [
    ['billing'],
    { RESOURCES_PATH: 'dapr-components/variants/sqlite' },
    '--with billing needs the component billing-pubsub, which dapr-components/variants/sqlite does not have.',
  ],
])('refuses --with %j and %j, where the member would receive no events', (names, env, message) =>
  expect(() => readOtherMembers(names, env)).toThrow(message));
