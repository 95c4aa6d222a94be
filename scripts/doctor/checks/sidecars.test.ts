import { expect, it } from 'vitest';
import { assessComponents, type ComponentsFacts } from './components.ts';
import { assessSidecars, type SidecarFacts } from './sidecars.ts';

const answered = {
  kind: 'answered',
  appId: 'iot-platform',
  components: ['p', 's'],
  subscribed: ['t'],
  isHealthy: true,
} as const;
const sidecar: SidecarFacts = {
  service: 'IoT platform',
  appId: 'iot-platform',
  port: 3908,
  needed: ['p', 's'],
  topics: ['t'],
  outcome: answered,
};

it.each<[string, SidecarFacts['outcome'], string, RegExp]>([
  ['healthy', answered, 'ok', /is healthy, with p, s, subscribed to t/],
  ['without a component', { ...answered, components: ['p'] }, 'problem', /has no component s; it has p/],
  ['without its subscription', { ...answered, subscribed: [] }, 'problem', /is not subscribed to t/],
  ['of another app', { ...answered, appId: 'crm' }, 'problem', /has app-id crm, not iot-platform/],
  ['not healthy', { ...answered, isHealthy: false }, 'problem', /is not healthy/],
  ['with another gRPC port', { ...answered, grpcFailure: 'no answer on port 1' }, 'problem', /no answer on port 1/],
  ['that refuses the token', { kind: 'token-refused', message: 'x' }, 'skipped', /refuses the API token/],
  ['that does not answer', { kind: 'failed', message: 'no answer' }, 'problem', /no answer/],
])('sidecars: one %s', (_, outcome, status, message) => {
  const findings = assessSidecars([{ ...sidecar, outcome }]);
  expect(findings).toMatchObject([{ status, message: expect.stringMatching(message) }]);
  if (status !== 'ok') expect(findings[0]?.remedy).toBeTruthy();
});

it('sidecars: the check does not apply where there is none', () =>
  expect(assessSidecars([])).toEqual([{ status: 'skipped', message: 'no service uses a sidecar' }]));

const component = {
  file: 'f/p.yaml',
  name: 'p',
  type: 'pubsub.kafka',
  metadata: { consumerGroup: 'g', initialOffset: 'oldest' },
};
const folder: ComponentsFacts = {
  folder: 'f',
  unreadable: [],
  components: [component],
  needed: [{ service: 'IoT platform', name: 'p', kind: 'pubsub' }],
  groups: [{ service: 'IoT platform', group: 'g' }],
};

it.each<[string, Partial<ComponentsFacts>, string, RegExp]>([
  ['as expected', {}, 'ok', /1 components of f/],
  ['not YAML', { unreadable: [{ file: 'f/x.yaml', reason: 'r' }] }, 'problem', /f\/x\.yaml cannot be read: r/],
  ['in a folder that cannot be read', { folderError: 'no folder f' }, 'problem', /no folder f/],
  ['missing', { components: [] }, 'problem', /has a component p, which the IoT platform needs/],
  ['of another kind', { components: [{ ...component, type: 'state.redis' }] }, 'problem', /state\.redis, not pubsub/],
  [
    'of a second group',
    {
      components: [
        { ...component, metadata: { consumerGroup: 'renamed', initialOffset: 'oldest' } },
        { ...component, name: 'p-2', metadata: { consumerGroup: 'g', initialOffset: 'oldest' } },
      ],
    },
    'warning',
    /p-2 has the consumer group g and p has renamed/,
  ],
  ['twice', { components: [component, { ...component, file: 'f/q.yaml' }] }, 'problem', /f\/q\.yaml and f\/p\.yaml/],
  [
    'with one group for two services',
    { groups: [...folder.groups, { service: 'customer-view', group: 'g' }] },
    'warning',
    /IoT platform and the customer-view share the consumer group g/,
  ],
  [
    'that skips history',
    { components: [{ ...component, metadata: { consumerGroup: 'g' } }] },
    'warning',
    /newest \(the default\), so a new consumer group skips all history/,
  ],
])('components: a component %s', (_, change, status, message) => {
  expect(assessComponents({ ...folder, ...change })).toMatchObject([
    { status, message: expect.stringMatching(message) },
  ]);
});
