import { expect, it } from 'vitest';
import { canaryGreetingId } from '../../contracts/events/greeting-posted/canary.ts';
import { createGreetingPostedEvent } from '../../contracts/events/greeting-posted/schema.ts';
import type { GreetingPosted } from '../../contracts/events/greeting-posted/upcasters.ts';
import { topics } from '../../contracts/topics.ts';
import { openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import { startProjection } from '../../packages/projections/projection.ts';
import { openView } from '../../packages/projections/view.ts';
import { eventually } from '../../tests/eventually.ts';
import { createTestRuntime, noon } from '../../tests/test-runtime.ts';
import { type Greeting, greetings } from './greeting.ts';

const greetingId = '0198f2a4-5c1e-7d3a-9b60-1f2e3d4c5b6a';
const posted = (message: string, time: string, id = greetingId): GreetingPosted => ({
  data: { greetingId: id, message },
  revision: 1,
  time,
});
const evolve = (...events: GreetingPosted[]) => events.reduce<Greeting | undefined>(greetings.evolve, undefined);

it('a greeting is shown with its time in UTC', () =>
  expect(evolve(posted('Hello', '2026-11-26T13:00:00+01:00'))).toEqual({
    greetingId,
    message: 'Hello',
    postedAt: '2026-11-26T12:00:00.000Z',
  }));

it('of two greetings with one id the earlier one is shown, in any order of delivery', () => {
  const first = posted('Hello', '2026-11-26T12:00:00Z');
  for (const other of [posted('Again', '2026-11-26T12:00:01Z'), posted('In the same second', first.time)]) {
    const shown = evolve(first, other);
    expect(shown?.message).toBe('Hello');
    expect(evolve(other, first)).toEqual(shown);
  }
});

it('of several canaries the latest one is shown, in any order of delivery', () => {
  const canaries = ['2026-11-26T12:00:00Z', '2026-11-26T12:00:01Z', '2026-11-26T12:00:01Z'].map((time, n) =>
    posted(`canary ${n}`, time, canaryGreetingId),
  );
  for (const order of [canaries, canaries.toReversed()]) expect(evolve(...order)?.message).toBe('canary 2');
});

it('a delivered greeting is applied once, and one that cannot be read is dead-lettered', async () => {
  const platform = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
  const bus = platform.eventBus('customer-view-consumer');
  const store = platform.stateStore('statestore');
  const projection = await startProjection(greetings, { ...createTestRuntime(), bus, store });
  const publish = (value: object | string) =>
    bus.publish(topics.greetings.name, [{ id: 'x', key: greetingId, value: Buffer.from(JSON.stringify(value)) }]);
  const event = createGreetingPostedEvent({ greetingId, message: 'Hello' }, { id: 'x', time: new Date(noon) });
  await publish(event);
  await publish(event);
  await publish({ ...event, data: { greetingId: 'no UUID', message: 'Hello' } });
  await eventually(() => expect(projection.counts()).toEqual({ applied: 1, ignored: 1, setAside: 1, retried: 0 }));
  await expect(openView<Greeting>(greetings, store).get(greetingId)).rejects.toMatchObject({
    code: 'record-dead-lettered',
  });
  await projection.close();
});
