import { expect, it, onTestFinished } from 'vitest';
import { createMandateChangedEvent } from '../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../contracts/topics.ts';
import { type Mandate, permittedLevel } from '../iot-platform/mandates/mandate.ts';
import { mandates } from '../iot-platform/mandates/materialise.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { createStores } from '../packages/projections/generations/index.ts';
import { startProjection } from '../packages/projections/projection.ts';
import { noProgress, rebuild, switchBack } from '../packages/projections/rebuild/index.ts';
import { openView } from '../packages/projections/view.ts';
import { eventually } from './eventually.ts';
import { createTestRuntime, noon } from './test-runtime.ts';

const first = topics.connectionMandates;
const second = { ...first, name: 'another-mandates-topic' };
const before = { ...mandates, topic: first, otherTopics: [second.name] };
const after = { ...mandates, topic: second, otherTopics: [first.name] };

const open = () => {
  const platform = openEmbeddedPlatform(':memory:', [...Object.values(topics), second], { now: () => noon });
  const store = platform.stateStore('statestore');
  const publish = (topic: string, connectionId: string, connectionMandate: '0' | '1' | '2', revision: number) => {
    const data = { connectionId, connectionMandate };
    const event = createMandateChangedEvent(data, { id: 'x', revision, time: new Date(noon) });
    return platform
      .eventBus('crm')
      .publish(topic, [{ id: 'x', key: connectionId, value: Buffer.from(JSON.stringify(event)) }]);
  };
  const follow = async (projection: typeof mandates, count: number) => {
    const bus = platform.eventBus('group');
    const running = await startProjection(projection, { ...createTestRuntime(), bus, store });
    onTestFinished(() => running.close());
    await eventually(() => expect(running.counts().applied + running.counts().ignored).toBe(count));
    await running.close();
  };
  const rebuildContext = (projection: typeof mandates) => ({
    projection,
    log: platform.logReader(),
    stores: createStores({ store }),
    primaryStore: 'statestore',
    toDisplayValue: permittedLevel,
    now: () => noon,
    holder: 'test',
    report: () => {},
    progress: noProgress,
    pointerExpiryMs: 0,
    recheckAfterMs: 0,
  });
  const options = { inPlace: false, acceptDifferences: false };
  return {
    publish,
    follow,
    view: (projection: typeof mandates) => openView<Mandate>(projection, store),
    rebuildFrom: (projection: typeof mandates, more: object = {}) =>
      rebuild(rebuildContext(projection), { ...options, ...more }),
    switchBackOf: (projection: typeof mandates) => switchBack(rebuildContext(projection)),
  };
};

it('a view that moves to another topic refuses until it is rebuilt from that topic, and so does the way back', async () => {
  const { publish, follow, view, rebuildFrom, switchBackOf } = open();
  await publish(first.name, '7733', '2', noon);
  await publish(first.name, '1721', '1', noon);
  await follow(before, 2);
  expect((await view(before).get('7733'))?.connectionMandate).toBe('2');

  // The other topic has only one of both mandates, and a revocation that the first topic does not have.
  await publish(second.name, '7733', '0', noon + 1);
  await expect(view(after).get('1721')).rejects.toThrow(`This view was filled from ${first.name}`);
  await follow(after, 1);
  for (const key of ['7733', '1721', '9'])
    await expect(view(after).get(key)).rejects.toMatchObject({ code: 'view-incomplete' });
  expect(await view(after).completeness()).toMatchObject({ state: 'incomplete', filledFrom: first.name });

  await publish(second.name, '1721', '1', noon + 2);
  await follow(after, 1);
  expect(await rebuildFrom(after)).toMatchObject({ switched: true });
  expect((await view(after).get('7733'))?.connectionMandate).toBe('0');
  expect((await view(after).get('1721'))?.connectionMandate).toBe('1');
  await expect(switchBackOf(after)).rejects.toThrow(`was filled from ${first.name}`);

  // The first topic still has the mandate that was revoked.
  await expect(view(before).get('7733')).rejects.toMatchObject({ code: 'view-incomplete' });
  await expect(rebuildFrom(before, { inPlace: true })).rejects.toThrow(/filled from another-mandates-topic|Retire/);
  expect(await rebuildFrom(before)).toMatchObject({ switched: false });
  await expect(view(before).get('7733')).rejects.toMatchObject({ code: 'view-incomplete' });
  await publish(first.name, '7733', '0', noon + 3);
  await follow(before, 1);
  expect(await rebuildFrom(before)).toMatchObject({ switched: true });
  expect((await view(before).get('7733'))?.connectionMandate).toBe('0');
});

it('a store that only the other topic has filled refuses as well', async () => {
  const { publish, follow, view } = open();
  await publish(second.name, '7733', '2', noon);
  await follow(after, 1);
  await expect(view(before).get('7733')).rejects.toThrow(`This view was filled from ${second.name}`);
});
