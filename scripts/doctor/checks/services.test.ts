import { expect, it } from 'vitest';
import { determineState } from '../deployment.ts';
import type { Answer } from '../probe-url.ts';
import { assessPorts, type PortFacts } from './ports.ts';
import { assessServices, type ServiceFacts } from './services.ts';

const answer = (status: number, body: Record<string, unknown>): Answer => ({
  kind: 'answered',
  status,
  body,
  clockOffsetMs: 0,
});
const alive = answer(200, { status: 'alive' });
const silent: Answer = { kind: 'silent', seconds: 3 };

it.each([
  ['running', alive, answer(200, { outbox: {} })],
  ['running', alive, answer(503, { detail: 'no database' })],
  ['running', alive, silent],
  ['other', alive, answer(200, { view: {} })],
  ['other', alive, answer(400, {})],
  ['other', answer(200, {}), answer(404, {})],
  ['other', { kind: 'failed', reason: 'no HTTP' } as const, silent],
  ['absent', { kind: 'refused' } as const, { kind: 'refused' } as const],
  ['silent', silent, silent],
])('a service is %s', (state, health, status) => {
  expect(determineState(health, [status], 'outbox')).toBe(state);
});

const service: ServiceFacts = {
  id: 'crm',
  name: 'CRM',
  url: 'http://localhost:3005',
  urlVariable: 'CRM_URL',
  state: 'running',
  readiness: answer(200, {}),
  pid: 42,
  isStopped: false,
  hasSidecar: false,
  startCommand: 'npm start',
};
const notReady = (check: string) => answer(503, { checks: { database: 'ok', [check]: 'it is broken' } });

it.each<[string, Partial<ServiceFacts>, string, RegExp, RegExp | undefined]>([
  ['ready', {}, 'ok', /runs at http:\/\/localhost:3005 as process 42 and is ready/, undefined],
  ['absent', { state: 'absent' }, 'problem', /does not run/, /^npm start$/],
  ['another program', { state: 'other' }, 'problem', /is not the CRM/, /CRM_URL/],
  ['stopped', { state: 'silent', isStopped: true }, 'problem', /is stopped/, /^kill -CONT 42$/],
  ['hanging', { state: 'silent' }, 'problem', /its process is 42/, /^kill 42/],
  ['hanging elsewhere', { state: 'silent', pid: undefined }, 'problem', /does not answer/, /^curl/],
  ['without readiness', { readiness: silent }, 'problem', /does not say that it is ready/, /readyz/],
  ['a stalled outbox', { readiness: notReady('outbox') }, 'problem', /outbox: it is broken/, /status/],
  ['a missing view', { readiness: notReady('view:orders') }, 'problem', /view:orders/, /--view orders/],
  ['the only view', { readiness: notReady('view') }, 'problem', /view: it/, /--view mandates/],
  ['no broker', { readiness: notReady('eventBus'), hasSidecar: true }, 'problem', /eventBus/, /stack -- up kafka/],
  ['an unusable file', { readiness: notReady('eventBus') }, 'problem', /eventBus/, /npm start/],
])('services: %s', (_, change, status, message, remedy) => {
  const facts = {
    services: [
      { ...service, ...change },
      { ...service, id: 'iot-platform' as const },
    ],
    dataDir: 'd',
  };
  const [finding] = assessServices({ ...facts, lab: 'absent' });
  expect(finding).toMatchObject({ status, message: expect.stringMatching(message) });
  if (remedy) expect(finding?.remedy).toMatch(remedy);
});

it('services: a lab that does not answer is a problem, also where nothing else runs', () => {
  const findings = assessServices({ services: [{ ...service, state: 'absent' }], lab: 'silent', dataDir: 'd' });
  expect(findings.map(({ status }) => status)).toEqual(['problem', 'skipped']);
});

const port: PortFacts = { service: 'CRM', port: 3005, variable: 'APP_PORT', holder: 'free', isOfLab: false };

it.each<[string, Partial<PortFacts>, object[]]>([
  ['free', {}, [{ status: 'ok' }]],
  ['ours', { holder: 'own' }, [{ status: 'ok' }]],
  ['unknown program', { holder: 'other' }, [{ status: 'problem', remedy: 'APP_PORT=3015 npm start' }]],
  [
    'program',
    { holder: 'other', process: { pid: 9, command: 'python3 -m http.server 3005' } },
    [{ status: 'problem', message: expect.stringContaining('process 9 (python3 -m http.server 3005)') }],
  ],
  ['free port of the lab', { isOfLab: true }, []],
  ['port of the lab', { isOfLab: true, holder: 'other' }, [{ status: 'warning' }]],
])('ports: %s', (_, change, expected) => {
  expect(assessPorts([{ ...port, ...change }])).toMatchObject(expected);
});
