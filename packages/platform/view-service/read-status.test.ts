import { afterEach, describe, expect, it } from 'vitest';
import { createMandateChangedEvent } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../../../contracts/topics.ts';
import { mandates } from '../../../iot-platform/mandates/materialise.ts';
import { eventually } from '../../../tests/eventually.ts';
import { createIdleViews } from '../../../tests/idle-views.ts';
import { createTestRuntime, noon } from '../../../tests/test-runtime.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { startProjection } from '../../projections/projection.ts';
import type { RunningView } from '../running-views.ts';
import { readStatus, type StatusSources } from './read-status.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const openSources = () => {
  const platform = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
  const bus = platform.eventBus('iot-platform-consumer');
  const store = platform.stateStore('statestore');
  const topicLog = platform.logReader();
  const { views, names } = createIdleViews(store);
  const [idle] = views as [RunningView];
  const sources: StatusSources = { names, topicLog, now: () => noon + 1_500 };
  const change = (connectionId: string, revision: number) => {
    const data = { connectionId, connectionMandate: '1' as const };
    const event = createMandateChangedEvent(data, { id: 'x', revision, time: new Date(noon) });
    return bus.publish(mandates.topic.name, [
      { id: 'x', key: connectionId, value: Buffer.from(JSON.stringify(event)) },
    ]);
  };
  const follow = async () => {
    const projection = await startProjection(mandates, { ...createTestRuntime(), bus, store });
    closing.push(() => projection.close());
    return projection;
  };
  return { idle, sources, change, follow };
};

describe('the status of the IoT platform', () => {
  it('shows the configured store and group, and no lag while the log is empty', async () => {
    const { idle, sources } = openSources();
    expect(await readStatus(idle, sources)).toMatchObject({
      store: 'statestore',
      consumerGroup: 'iot-platform-consumer',
      view: { state: 'empty', generation: { number: 1 } },
      lag: 0,
      freshnessSeconds: 0,
    });
  });

  it('counts the lag, and omits the freshness of a view without events', async () => {
    const { idle, sources, change } = openSources();
    await change('7733', noon);
    await change('1721', noon);
    const status = await readStatus(idle, sources);
    expect(status).toMatchObject({ lag: 2 });
    expect(status).not.toHaveProperty('freshnessSeconds');
  });

  it('shows the last event; freshness is 0 without lag, otherwise the age of that event', async () => {
    const { idle, sources, change, follow } = openSources();
    await change('7733', noon + 7);
    const projection = await follow();
    const status = () => readStatus({ ...idle, projection }, sources);
    await eventually(async () => expect(await status()).toMatchObject({ lag: 0 }));
    expect(await status()).toMatchObject({
      sinceStart: { applied: 1 },
      lastEvent: { time: new Date(noon).toISOString(), revision: noon + 7 },
      freshnessSeconds: 0,
    });
    await projection.close();
    await change('7733', noon + 8);
    expect(await status()).toMatchObject({ lag: 1, freshnessSeconds: 1.5 });
  });

  it('is available although store and broker are not', async () => {
    const { idle, sources } = openSources();
    const unavailable = () => Promise.reject(new Error('unavailable'));
    const topicLog = { read: unavailable, offsets: unavailable };
    const status = await readStatus(
      { ...idle, view: { ...idle.view, completeness: unavailable } },
      { ...sources, topicLog },
    );
    expect(status).toMatchObject({ view: { state: 'unknown', reason: 'unavailable' }, sinceStart: { applied: 0 } });
    expect(status).not.toHaveProperty('lag');
  });
});
