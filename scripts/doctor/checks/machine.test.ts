import { expect, it } from 'vitest';
import { measureOffset } from '../probe-url.ts';
import { assessClocks } from './clocks.ts';
import { assessConfiguration } from './configuration.ts';
import { assessDisks } from './disk.ts';
import { assessNode, assessPackages } from './installation.ts';
import { assessOutbox } from './outbox.ts';
import { assessStores } from './stores.ts';

it.each([
  ['v20.19.0', 'ok'],
  ['v20.18.3', 'problem'],
  ['v18.20.0', 'problem'],
  ['v22.0.0', 'ok'],
])('node: %s is %s', (version, status) =>
  expect(assessNode({ version, required: '>=20.19' })).toMatchObject([{ status }]));

it('packages: those that the services need, in the version of the lock file', () => {
  const locked = {
    '': { version: '0.1.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '1.0.0', dev: true },
    'node_modules/c': { version: '1.0.0', optional: true },
  };
  const [path, installed] = ['node_modules/a', { version: '1.0.0' }];
  expect(assessPackages({ locked, installed: { [path]: installed } })).toMatchObject([{ status: 'ok' }]);
  for (const other of [{}, { [path]: { version: '0.9.0' } }])
    expect(assessPackages({ locked, installed: other })).toMatchObject([{ status: 'problem', remedy: 'npm ci' }]);
});

it('configuration: each invalid line once, with the services that report it', () => {
  const message = 'The configuration is invalid:\n  LOG_LEVEL: trace or debug\n  APP_PORT: a port';
  const errors = [
    { service: 'CRM', message },
    { service: 'customer-view', message: 'The configuration is invalid:\n  LOG_LEVEL: trace or debug' },
  ];
  expect(assessConfiguration({ errors, invalid: ['LAB_PORTS=x is invalid', 'LAB_PORTS=x is invalid'] })).toMatchObject([
    { message: 'LOG_LEVEL: trace or debug (CRM, customer-view)', remedy: expect.stringContaining('unset LOG_LEVEL') },
    { message: 'APP_PORT: a port (CRM)' },
    { message: 'LAB_PORTS=x is invalid', remedy: expect.stringContaining('unset LAB_PORTS') },
  ]);
  expect(assessConfiguration({ errors: [], invalid: [] })).toMatchObject([{ status: 'ok' }]);
});

it.each([
  [63, true, 'problem'],
  [64, true, 'warning'],
  [1_023, true, 'warning'],
  [1_024, true, 'ok'],
  [1_024, false, 'problem'],
])('disk: with %d MiB free and writable %s it is %s', (free, isWritable, status) =>
  expect(assessDisks([{ folder: '/d', freeBytes: free * 1024 ** 2, isWritable, isFolder: true }])).toMatchObject([
    { status },
  ]));

it('disk: a file in the place of the folder is a problem, and a command in a remedy can be typed as it is', () => {
  const facts = { folder: '/my data', freeBytes: 0, isWritable: true };
  expect(assessDisks([{ ...facts, isFolder: false }])).toMatchObject([{ status: 'problem', remedy: 'unset DATA_DIR' }]);
  expect(assessDisks([{ ...facts, isFolder: true }])[0]?.remedy).toMatch(/^df -h '\/my data', and make room/);
});

it.each([
  [0, 'ok'],
  [-2_000, 'ok'],
  [3_000, 'warning'],
  [-61_000, 'problem'],
])('clocks: an offset of %d ms is %s', (offsetMs, status) =>
  expect(assessClocks([{ name: 'the CRM', offsetMs }])).toMatchObject([{ status }]));

it('clocks: without any time the check is skipped', () =>
  expect(assessClocks([])).toMatchObject([{ status: 'skipped' }]));

it('clocks: the header Date has whole seconds, so a smaller difference is none', () => {
  const date = 'Thu, 26 Nov 2026 12:00:00 GMT';
  const time = Date.parse(date);
  expect(measureOffset(date, time + 500, time + 600)).toBe(0);
  expect(measureOffset(date, time - 5_000, time - 4_000)).toBe(4_000);
  expect(measureOffset(date, time + 5_999, time + 6_100)).toBe(-5_000);
  expect(measureOffset(null, time, time)).toBeUndefined();
  expect(measureOffset('yesterday', time, time)).toBeUndefined();
});

const since = '2026-11-26T12:00:00.000Z';
it.each([
  [{ waiting: 0, since: null }, 0, 'ok'],
  [{ waiting: 2, since }, 9_000, 'warning'],
  [{ waiting: 1, since }, 11_000, 'problem'],
])('outbox: %j after %d ms is %s', (outbox, age, status) =>
  expect(assessOutbox({ outbox, url: 'u', now: Date.parse(since) + age })).toMatchObject([{ status }]));

it('outbox: without the CRM the check is skipped', () =>
  expect(assessOutbox(undefined)).toMatchObject([{ status: 'skipped' }]));

it.each([
  ['ok', 'durable', 'ok'],
  ['ok', 'in memory: nothing survives a stop', 'warning'],
  ['connection refused', 'durable', 'problem'],
  [undefined, undefined, 'problem'],
])('stores: %s, %s is %s', (outcome, description, status) =>
  expect(assessStores([{ service: 'CRM', outcome, description, url: 'u' }])).toMatchObject([{ status }]));
