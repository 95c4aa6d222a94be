import { afterEach, describe, expect, it, vi } from 'vitest';
import { mandateChangedEvent } from '../../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../../contracts/topics.ts';
import { mandates } from '../../iot-platform/mandates/materialise.ts';
import { createIdleViews } from '../../tests/idle-views.ts';
import { createTestRuntime, noon } from '../../tests/test-runtime.ts';
import { openEmbeddedPlatform } from '../embedded/platform.ts';
import { startProjection } from '../projections/projection.ts';
import { readStatus, type StatusSources } from './read-status.ts';
import type { RunningView } from './running-views.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const opened = () => {
  const platform = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
  const bus = platform.eventBus('iot-platform-consumer');
  const store = platform.stateStore('statestore');
  const topicLog = platform.logReader();
  const { views, names } = createIdleViews(store);
  const [idle] = views as [RunningView];
  const sources: StatusSources = { names, topicLog, now: () => noon + 1_500 };
  const change = (connectionId: string, revision: number) => {
    const data = { connectionId, connectionMandate: '1' as const };
    const event = mandateChangedEvent(data, { id: 'x', revision, time: new Date(noon) });
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
  it('names what it was told to use, and has nothing before it while the log is empty', async () => {
    const { idle, sources } = opened();
    expect(await readStatus(idle, sources)).toMatchObject({
      store: 'statestore',
      consumerGroup: 'iot-platform-consumer',
      view: { state: 'empty', generation: { number: 1 } },
      lag: 0,
      freshnessSeconds: 0,
    });
  });

  it('counts what is in the log and not in the view, and cannot say how fresh a view is that nothing came to', async () => {
    const { idle, sources, change } = opened();
    await change('7733', noon);
    await change('1721', noon);
    const status = await readStatus(idle, sources);
    expect(status).toMatchObject({ lag: 2 });
    expect(status).not.toHaveProperty('freshnessSeconds');
  });

  it('says which event came last; a view that has all of the log is fresh, one that has not is as old as that event', async () => {
    const { idle, sources, change, follow } = opened();
    await change('7733', noon + 7);
    const projection = await follow();
    const status = () => readStatus({ ...idle, projection }, sources);
    await vi.waitFor(async () => expect(await status()).toMatchObject({ lag: 0 }));
    expect(await status()).toMatchObject({
      sinceStart: { applied: 1 },
      lastEvent: { time: new Date(noon).toISOString(), revision: noon + 7 },
      freshnessSeconds: 0,
    });
    await projection.close();
    await change('7733', noon + 8);
    expect(await status()).toMatchObject({ lag: 1, freshnessSeconds: 1.5 });
  });

  it('is told although store and broker are away', async () => {
    const { idle, sources } = opened();
    const away = () => Promise.reject(new Error('away'));
    const topicLog = { read: away, offsets: away };
    const status = await readStatus({ ...idle, view: { ...idle.view, completeness: away } }, { ...sources, topicLog });
    expect(status).toMatchObject({ view: { state: 'unknown', reason: 'away' }, sinceStart: { applied: 0 } });
    expect(status).not.toHaveProperty('lag');
  });
});
