import { afterEach, describe, expect, it } from 'vitest';
import { createMandateChangedEvent } from '../../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../../contracts/topics.ts';
import { openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import type { EventBus } from '../../packages/projections/event-bus.ts';
import { startProjection } from '../../packages/projections/projection.ts';
import { StateConflict, type StateStore } from '../../packages/projections/state-store.ts';
import { openView } from '../../packages/projections/view.ts';
import { eventually } from '../../tests/eventually.ts';
import { createTestRuntime, noon } from '../../tests/test-runtime.ts';
import type { Mandate } from './mandate.ts';
import { mandates } from './materialise.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const startView = async (
  disturb: (store: StateStore) => StateStore = (store) => store,
  disturbBus: (bus: EventBus) => EventBus = (bus) => bus,
) => {
  const platform = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
  const bus = platform.eventBus('iot-platform-consumer');
  const store = platform.stateStore('statestore');
  const projection = await startProjection(mandates, {
    ...createTestRuntime(),
    bus: disturbBus(bus),
    store: disturb(store),
  });
  closing.push(() => projection.close());
  const view = openView<Mandate>(mandates, store);
  let ids = 0;
  const publish = async (value: string, key = '7733', partition = topics.connectionMandates) =>
    bus.publish(partition.name, [{ id: String(++ids), key, value: Buffer.from(value) }]);
  const change = (connectionMandate: '0' | '1' | '2', revision: number, connectionId = '7733') =>
    publish(
      JSON.stringify(
        createMandateChangedEvent({ connectionId, connectionMandate }, { id: 'x', revision, time: new Date(noon) }),
      ),
      connectionId,
    );
  return { bus, view, change, publish, counts: projection.counts };
};

/** The array grows while the test runs. */
const collectDeadLetters = async (bus: EventBus) => {
  const collected: { id: string; data: Record<string, unknown> }[] = [];
  const subscription = await bus.subscribe(topics.connectionMandatesDeadLetters.name, async (batch) => {
    collected.push(...batch.map(({ value }) => JSON.parse(value.toString())));
    return batch.map(() => 'done');
  });
  closing.push(() => subscription.close());
  return collected;
};

describe('the mandates view', () => {
  it('applies a change', async () => {
    const { change, view } = await startView();
    await change('2', noon);
    await eventually(async () => {
      expect(await view.get('7733')).toEqual({
        connectionId: '7733',
        connectionMandate: '2',
        revision: noon,
        changedAt: new Date(noon).toISOString(),
      });
    });
  });

  it('ignores a duplicate', async () => {
    const { change, view, counts } = await startView();
    await change('2', noon);
    await change('2', noon);
    await eventually(() => expect(counts()).toMatchObject({ applied: 1, ignored: 1 }));
    expect((await view.get('7733'))?.connectionMandate).toBe('2');
  });

  it('ignores a stale change', async () => {
    const { change, view, counts } = await startView();
    await change('2', noon);
    await change('1', noon - 1);
    await eventually(() => expect(counts()).toMatchObject({ applied: 1, ignored: 1 }));
    expect((await view.get('7733'))?.connectionMandate).toBe('2');
  });

  it('dead-letters a malformed record with its reason, and applies the records after it', async () => {
    const { bus, change, publish, view, counts } = await startView();
    const deadLetters = await collectDeadLetters(bus);
    await publish('{"connectionId":"7733","connectionMandate":"7"}');
    await change('2', noon);
    await eventually(async () => expect((await view.get('7733'))?.connectionMandate).toBe('2'));
    await eventually(() => expect(deadLetters).toHaveLength(1));
    expect(deadLetters[0]?.data).toEqual({
      reason: 'connectionMandate: 0 (none), 1 (billing only) or 2 (real time)',
      topic: 'connection-mandates-topic',
      partition: expect.any(Number),
      offset: 0,
      timestamp: noon,
      key: '7733',
      value: '{"connectionId":"7733","connectionMandate":"7"}',
    });
    expect(counts()).toMatchObject({ applied: 1, setAside: 1 });
  });

  it('retries a record whose dead letter could not be published', async () => {
    let failing = 3;
    const { bus, publish, change, view, counts } = await startView(undefined, (inner) => ({
      ...inner,
      publish: async (topic, events) => {
        if (topic === topics.connectionMandatesDeadLetters.name && failing-- > 0)
          throw new Error('the broker is unavailable');
        return inner.publish(topic, events);
      },
    }));
    const deadLetters = await collectDeadLetters(bus);
    await publish('nonsense');
    await change('2', noon);
    await eventually(() =>
      expect(deadLetters.map(({ id }) => id)).toEqual([expect.stringMatching(/^connection-mandates-topic\/\d\/0$/)]),
    );
    await eventually(async () => expect((await view.get('7733'))?.connectionMandate).toBe('2'));
    expect(counts()).toMatchObject({ setAside: 1, retried: expect.any(Number) });
    expect(counts().retried).toBeGreaterThanOrEqual(3);
  });

  it('publishes one dead letter, however long the store is unavailable', async () => {
    let failing = 20;
    const { bus, publish, change, counts } = await startView((store) => ({
      ...store,
      getMany: async (keys) => {
        if (failing-- > 0) throw new Error('the store is down');
        return store.getMany(keys);
      },
    }));
    const deadLetters = await collectDeadLetters(bus);
    await publish('nonsense');
    await change('2', noon);
    await eventually(() => expect(counts()).toMatchObject({ applied: 1, setAside: 1 }));
    await eventually(() => expect(deadLetters).toHaveLength(1));
  });

  it('retries while the store fails, and dead-letters nothing', async () => {
    let failing = 5;
    const { change, view, counts } = await startView((store) => ({
      ...store,
      transact: async (upserts) => {
        if (failing-- > 0) throw new Error('the store is down');
        return store.transact(upserts);
      },
    }));
    await change('2', noon);
    await eventually(async () => expect((await view.get('7733'))?.connectionMandate).toBe('2'));
    expect(counts()).toEqual({ applied: 1, ignored: 0, setAside: 0, retried: 5 });
  });

  it('reads again after a conflict with another writer', async () => {
    let other: Mandate | undefined = {
      connectionId: '7733',
      connectionMandate: '0',
      revision: noon + 1,
      changedAt: 'later',
    };
    const { change, view, counts } = await startView((store) => ({
      ...store,
      transact: async (upserts) => {
        const value = other;
        other = undefined;
        if (value) await store.transact([{ key: '7733', value }]);
        return store.transact(upserts);
      },
    }));
    await change('2', noon);
    await eventually(() => expect(counts().ignored).toBe(1));
    expect((await view.get('7733'))?.connectionMandate).toBe('0');
    expect(counts().retried).toBe(0);
  });

  it('keeps retrying after more conflicts than one attempt allows', async () => {
    let writers = 25;
    const { change, view } = await startView((store) => ({
      ...store,
      transact: async (upserts) => {
        if (writers-- > 0) throw new StateConflict('7733');
        return store.transact(upserts);
      },
    }));
    await change('2', noon);
    await eventually(async () => expect((await view.get('7733'))?.connectionMandate).toBe('2'));
  });

  it('counts a revision with two values, and shows the lower one', async () => {
    const { change, view, counts } = await startView();
    await change('2', noon);
    await change('1', noon);
    await eventually(() => expect(counts().contradictions).toBe(1));
    expect((await view.get('7733'))?.connectionMandate).toBe('1');
  });
});

describe('a revision that the time of its record does not explain', () => {
  it('is applied, because no clock decides, and counted', async () => {
    const { change, view, counts } = await startView();
    await change('2', 999_999_999_999_999);
    await change('1', noon);
    await eventually(() => expect(counts()).toMatchObject({ applied: 1, ignored: 1, revisionsAhead: 1 }));
    expect((await view.get('7733'))?.connectionMandate).toBe('2');
  });
});

describe('a view and its log that have drifted apart', () => {
  const openPlatform = async () => {
    const platform = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
    const bus = platform.eventBus('iot-platform-consumer');
    const follow = async (storeName: string) => {
      const store = platform.stateStore(storeName);
      const projection = await startProjection(mandates, { ...createTestRuntime(), bus, store });
      closing.push(() => projection.close());
      return { view: openView<Mandate>(mandates, store), projection };
    };
    const change = (connectionMandate: '0' | '1' | '2', revision: number) => {
      const data = { connectionId: '7733', connectionMandate };
      const event = createMandateChangedEvent(data, { id: 'x', revision, time: new Date(noon) });
      return bus.publish(topics.connectionMandates.name, [
        { id: 'x', key: '7733', value: Buffer.from(JSON.stringify(event)) },
      ]);
    };
    return { follow, change };
  };

  it('is empty after a swap of the store, and incomplete once the group continues after the first events', async () => {
    const { follow, change } = await openPlatform();
    const first = await follow('statestore');
    await change('1', noon);
    await eventually(async () => expect((await first.view.completeness()).state).toBe('complete'));
    await first.projection.close();

    const second = await follow('durable-statestore');
    expect((await second.view.completeness()).state).toBe('empty');
    await change('2', noon + 1);
    await eventually(async () => expect((await second.view.completeness()).state).toBe('incomplete'));
  });
});
