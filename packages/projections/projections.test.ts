import { expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../tests/eventually.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { type Thing, things } from '../../tests/things.ts';
import { openEmbeddedPlatform } from '../embedded/platform.ts';
import type { EventBus } from './event-bus.ts';
import { type ProjectionInStores, startProjections } from './projection.ts';

const named = (name: string) => ({ ...things, name }) as unknown as ProjectionInStores['projection'];

const start = async (isUnavailable: () => boolean) => {
  const platform = openEmbeddedPlatform(':memory:', [things.topic, things.deadLetters]);
  const [primary, second] = [platform.stateStore('primary'), platform.stateStore('second')];
  const failing: typeof second = {
    ...second,
    transact: (upserts) => (isUnavailable() ? Promise.reject(new Error('away')) : second.transact(upserts)),
  };
  const embedded = platform.eventBus('group');
  const subscribed: string[] = [];
  let letters = 0;
  const bus: EventBus = {
    ...embedded,
    publish: (topic, events) => {
      if (topic === things.deadLetters.name) letters += events.length;
      return embedded.publish(topic, events);
    },
    subscribe: (topic, handler) => {
      subscribed.push(topic);
      return embedded.subscribe(topic, handler);
    },
  };
  const [one, other] = (await startProjections(
    [
      { projection: named('one'), store: primary },
      { projection: named('other'), store: failing },
    ],
    { ...createTestRuntime(), bus },
  )) as [Running, Running];
  onTestFinished(async () => {
    await Promise.all([one.close(), other.close()]);
    platform.close();
  });
  const publish = ({ key, n }: Thing) =>
    bus.publish(things.topic.name, [{ id: key, key, value: Buffer.from(JSON.stringify({ key, n })) }]);
  return { bus, subscribed, letters: () => letters, primary, second, one, other, publish };
};
type Running = Awaited<ReturnType<typeof startProjections>>[number];

it('projections of one topic share one subscription, and each applies every record', async () => {
  const { subscribed, primary, second, publish } = await start(() => false);
  await publish({ key: 'a', n: 1 });
  await eventually(async () => {
    for (const store of [primary, second]) expect((await store.getMany(['a'])).get('a')?.value).toMatchObject({ n: 1 });
  });
  expect(subscribed).toEqual([things.topic.name]);
});

it('a record is committed only once every projection of its topic has applied it', async () => {
  let isUnavailable = true;
  const { bus, second, one, other, publish } = await start(() => isUnavailable);
  await publish({ key: 'a', n: 1 });
  await eventually(() => expect(other.counts().retried).toBeGreaterThan(1));
  expect((await bus.committedOffsets(things.topic.name)).size).toBe(0);
  expect(one.counts()).toMatchObject({ applied: 1, retried: 0 });
  isUnavailable = false;
  await eventually(async () => expect((await bus.committedOffsets(things.topic.name)).size).toBe(1));
  expect((await second.getMany(['a'])).get('a')?.value).toMatchObject({ n: 1 });
  expect(one.counts().applied).toBe(1);
});

it('a record that both projections refuse becomes one dead letter, after both have written', async () => {
  let isUnavailable = true;
  const { bus, letters, one, other, publish } = await start(() => isUnavailable);
  await publish({ key: 'a', n: 1 });
  await bus.publish(things.topic.name, [{ id: 'x', key: 'a', value: Buffer.from('no JSON') }]);
  await eventually(() => expect(other.counts().retried).toBeGreaterThan(4));
  expect(letters()).toBe(0);
  expect(one.counts().setAside).toBe(0);
  isUnavailable = false;
  await eventually(async () => {
    const committed = [...(await bus.committedOffsets(things.topic.name)).values()];
    expect(committed.reduce((sum, next) => sum + next, 0)).toBe(2);
  });
  expect(letters()).toBe(1);
  for (const { counts } of [one, other]) expect(counts().setAside).toBe(1);
});

it('a failed subscription closes those that were opened before', async () => {
  const closed: string[] = [];
  const bus: Pick<EventBus, 'subscribe'> = {
    subscribe: async (topic) => {
      if (topic === 'second') throw new Error('no such topic');
      return { close: async () => void closed.push(topic) };
    },
  };
  const platform = openEmbeddedPlatform(':memory:', []);
  onTestFinished(platform.close);
  const projections = ['first', 'second'].map((name) => ({
    projection: { ...named(name), topic: { ...things.topic, name } },
    store: platform.stateStore('primary'),
  }));
  const started = startProjections(projections, { ...createTestRuntime(), bus: bus as EventBus });
  await expect(started).rejects.toThrow('no such topic');
  expect(closed).toEqual(['first']);
});
