import { expect, it } from 'vitest';
import { assessGroups, assessTopics, type GroupFacts } from './kafka.ts';

it('topics: what the broker reports about them', () => {
  for (const otherLog of ['embedded', 'other broker', 'unknown'] as const) {
    expect(assessTopics(otherLog)).toEqual([{ status: 'skipped', message: expect.any(String) }]);
    expect(assessGroups(otherLog)).toEqual([{ status: 'skipped', message: expect.any(String) }]);
  }
  expect(assessGroups([])).toMatchObject([{ status: 'skipped' }]);
  expect(assessTopics({ kind: 'checked', count: 7, warnings: [] })).toMatchObject([{ status: 'ok' }]);
  expect(assessTopics({ kind: 'checked', count: 7, warnings: ['a', 'b'] })).toMatchObject([
    { status: 'warning', message: 'a' },
    { status: 'warning', message: 'b' },
  ]);
  expect(assessTopics({ kind: 'failed', message: 'topic x does not exist' })).toEqual([
    { status: 'problem', message: 'topic x does not exist', remedy: 'npm run stack -- up kafka' },
  ]);
});

const group: GroupFacts = {
  service: 'IoT platform',
  id: 'iot-platform',
  configured: 'g',
  group: 'g',
  clientId: 'iot-platform',
  members: [{ clientId: 'iot-platform', host: '/127.0.0.1' }],
  hasCommitted: true,
};

it.each([
  ['a member of the service', {}, 'ok', /has 1 member, all/],
  ['another group in the component', { configured: 'h' }, 'problem', /configured with the consumer group h/],
  ['no member', { members: [] }, 'problem', /has no member/],
  ['no member and no offsets', { members: [], hasCommitted: false }, 'problem', /does not exist/],
  [
    'a member that is no service',
    { members: [...group.members, { clientId: 'console', host: '/10.0.0.9' }] },
    'problem',
    /console \(\/10\.0\.0\.9\) is a member/,
  ],
])('consumer groups: %s', (_, facts, status, message) => {
  expect(assessGroups([{ ...group, ...facts }])).toMatchObject([{ status, message: expect.stringMatching(message) }]);
});
