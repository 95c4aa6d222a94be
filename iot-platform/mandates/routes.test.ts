import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import { openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import { checkpointKey } from '../../packages/projections/generations/index.ts';
import type { StateStore } from '../../packages/projections/state-store.ts';
import { createIdleViews } from '../../tests/idle-views.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { createIotPlatformApp } from '../app.ts';

const mandate = { connectionId: '7733', connectionMandate: '1', revision: 10, changedAt: '2026-11-21T12:00:00.000Z' };
const checkpoint = checkpointKey('mandates', topics.connectionMandates.name, 0);

const iotPlatform = async (
  documents: Record<string, unknown>,
  disturb: (store: StateStore) => StateStore = (store) => store,
  drift: Parameters<typeof createIdleViews>[1] = {},
) => {
  const platform = openEmbeddedPlatform(':memory:', Object.values(topics));
  const store = platform.stateStore('statestore');
  await store.transact(Object.entries(documents).map(([key, value]) => ({ key, value })));
  const disturbed = disturb(store);
  const bus = platform.eventBus('group');
  return request(
    createIotPlatformApp({ ...createTestRuntime(), bus, store: disturbed, ...createIdleViews(disturbed, drift) }),
  );
};
const filled = { [mandate.connectionId]: mandate, [checkpoint]: { applied: 3, missing: [] } };
const incomplete = { ...filled, [checkpoint]: { applied: 3, missing: [[1, 2]] } };
const broken = (store: StateStore): StateStore => ({
  ...store,
  getMany: () => Promise.reject(new Error('secret of the store')),
});

describe('a mandate', () => {
  it('is answered in the format of the lab, with the two fields of the event', async () => {
    const http = await iotPlatform(filled);
    await http.get('/?connectionId=7733').expect(200, { connectionId: '7733', connectionMandate: '1' });
  });

  it('is answered under its path, with its revision', async () => {
    const http = await iotPlatform(filled);
    await http.get('/mandates/7733').expect(200, mandate);
  });

  it('is 404 when it is unknown', async () => {
    const http = await iotPlatform(filled);
    const { body } = await http.get('/?connectionId=1').expect(404);
    expect(body).toMatchObject({ type: 'urn:problem:mandate-unknown' });
    expect(body.detail).not.toContain('never been filled');
  });

  it('is 404 from a view that was never filled, and the problem says so', async () => {
    const http = await iotPlatform({});
    const { body } = await http.get('/?connectionId=7733').expect(404);
    expect(body.detail).toContain('never been filled');
  });

  it('is 503, not 404, when it is unknown to a view that lacks events', async () => {
    const http = await iotPlatform(incomplete);
    const { body } = await http.get('/mandates/1').expect(503);
    expect(body.remedy).toContain('rebuild');
    const { body: readiness } = await http.get('/readyz').expect(503);
    expect(readiness.checks.view).toContain('rebuild');
  });

  it('is 503 from a view that lacks events, because it may be out of date', async () => {
    const http = await iotPlatform(incomplete);
    const { body } = await http.get('/?connectionId=7733').expect(503).expect('Retry-After', '1');
    expect(body).toMatchObject({ type: 'urn:problem:view-incomplete' });
    const { body: status } = await http.get('/status').expect(200);
    expect(status.view).toMatchObject({ state: 'incomplete', warning: expect.stringContaining('npm run rebuild') });
  });

  it('is 404 from an empty store, and the service is not ready when the group has committed events', async () => {
    const http = await iotPlatform({}, undefined, { lostToEmptyStore: () => 8 });
    await http.get('/?connectionId=7733').expect(404);
    const { body: readiness } = await http.get('/readyz').expect(503);
    expect(readiness.checks.view).toContain('never filled, and the consumer group has read 8 events');
    const { body: status } = await http.get('/status').expect(200);
    expect(status.view).toMatchObject({ state: 'empty', warning: readiness.checks.view });
  });

  it('is answered once the view has the requested revision, or 503 after the waiting time', async () => {
    const platform = openEmbeddedPlatform(':memory:', Object.values(topics));
    const store = platform.stateStore('statestore');
    const put = async (held: typeof mandate, etag?: string) =>
      store.transact([{ key: held.connectionId, value: held, etag }]);
    await put(mandate);
    const http = request(
      createIotPlatformApp({
        ...createTestRuntime(),
        bus: platform.eventBus('group'),
        store,
        ...createIdleViews(store),
      }),
    );
    await http.get('/mandates/7733?minRevision=10').expect(200, mandate);
    const { body } = await http
      .get('/?connectionId=7733&minRevision=11&waitMs=60')
      .expect(503)
      .expect('Retry-After', '1');
    expect(body).toMatchObject({
      type: 'urn:problem:revision-not-here-yet',
      detail: 'The view has not reached revision 11 of 7733 yet: it has 10.',
    });
    const waiting = http
      .get('/?connectionId=7733&minRevision=11&waitMs=5000')
      .expect(200, { connectionId: '7733', connectionMandate: '2' });
    const response = waiting.then((answer) => answer);
    await put({ ...mandate, connectionMandate: '2', revision: 11 }, (await store.getMany(['7733'])).get('7733')?.etag);
    await response;
    await http.get('/mandates/1?minRevision=1').expect(503);
    await http.get('/mandates/7733?minRevision=x').expect(400);
  });

  it.each([
    '/',
    '/?connectionId=',
    '/?connectionId=abc',
    '/?connectionId=1&connectionId=2',
    '/mandates/a%7C%7Cb',
    '/mandates/position:x',
  ])('cannot be requested with %s', async (url) => {
    const http = await iotPlatform(filled);
    const { body } = await http.get(url).expect(400);
    expect(body.errors[0]).toMatchObject({ field: 'connectionId', expected: expect.stringContaining('0-9, A-Z') });
  });

  it('is 503 while the store is unavailable, without details of the store', async () => {
    const http = await iotPlatform(filled, broken);
    const { text } = await http
      .get('/mandates/7733')
      .expect(503)
      .expect('Content-Type', /problem\+json/);
    expect(text).not.toContain('secret');
  });
});

describe('the state of the service', () => {
  it('is alive and ready, and shows how far the view is', async () => {
    const http = await iotPlatform(filled);
    await http.get('/healthz').expect(200);
    await http
      .get('/readyz')
      .expect(200, { status: 'ready', checks: { eventBus: 'ok', stateStore: 'ok', view: 'ok' } });
    const { body } = await http.get('/status').expect(200);
    expect(body).toMatchObject({ view: { state: 'complete' }, sinceStart: { applied: 0 } });
  });

  it.each([filled, {}])('is not ready before its view was compared with the log', async (documents) => {
    const http = await iotPlatform(documents, undefined, { hasCompared: () => false });
    const { body } = await http.get('/readyz').expect(503);
    expect(body.checks).toMatchObject({ stateStore: 'ok', view: expect.stringContaining('not been compared') });
  });
});
