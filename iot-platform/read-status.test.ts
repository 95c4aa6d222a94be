import { afterEach, describe, expect, it, vi } from 'vitest';
import { mandateChangedEvent } from '../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../contracts/topics.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { startProjection } from '../packages/projections/projection.ts';
import { openView } from '../packages/projections/view.ts';
import { idleProjection } from '../tests/idle-projection.ts';
import { noon, testWorld } from '../tests/test-world.ts';
import type { Mandate } from './mandates/mandate.ts';
import { mandates } from './mandates/materialise.ts';
import { readStatus, type StatusSources } from './read-status.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const opened = () => {
  const platform = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
  const bus = platform.eventBus('iot-platform-consumer');
  const store = platform.stateStore('statestore');
  const topicLog = platform.logReader();
  const view = openView<Mandate>(mandates, store);
  const sources: StatusSources = { ...idleProjection, bus, topicLog, view, now: () => noon + 1_500 };
  const change = (connectionId: string, revision: number) => {
    const data = { connectionId, connectionMandate: '1' as const };
    const event = mandateChangedEvent(data, { id: 'x', revision, time: new Date(noon) });
    return bus.publish(mandates.topic.name, [
      { id: 'x', key: connectionId, value: Buffer.from(JSON.stringify(event)) },
    ]);
  };
  const follow = async () => {
    const projection = await startProjection(mandates, { ...testWorld(), bus, store });
    closing.push(() => projection.close());
    return projection;
  };
  return { sources, change, follow };
};

describe('the status of the IoT platform', () => {
  it('names what it was told to use, and has nothing before it while the log is empty', async () => {
    const { sources } = opened();
    expect(await readStatus(sources)).toMatchObject({
      store: 'statestore',
      consumerGroup: 'iot-platform-consumer',
      view: { state: 'empty', generation: { number: 1 } },
      lag: 0,
      freshnessSeconds: 0,
    });
  });

  it('counts what is in the log and not in the view, and cannot say how fresh a view is that nothing came to', async () => {
    const { sources, change } = opened();
    await change('7733', noon);
    await change('1721', noon);
    const status = await readStatus(sources);
    expect(status).toMatchObject({ lag: 2 });
    expect(status).not.toHaveProperty('freshnessSeconds');
  });

  it('says which event came last; a view that has all of the log is fresh, one that has not is as old as that event', async () => {
    const { sources, change, follow } = opened();
    await change('7733', noon + 7);
    const projection = await follow();
    const status = () => readStatus({ ...sources, projection });
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
    const { sources } = opened();
    const away = () => Promise.reject(new Error('away'));
    const topicLog = { read: away, offsets: away };
    const status = await readStatus({ ...sources, topicLog, view: { ...sources.view, completeness: away } });
    expect(status).toMatchObject({ view: { state: 'unknown', reason: 'away' }, sinceStart: { applied: 0 } });
    expect(status).not.toHaveProperty('lag');
  });
});
