import { afterEach, expect, it } from 'vitest';
import { eventually } from '../../tests/eventually.ts';
import type { BatchHandler, DeliveredRecord, EventBus, OutgoingEvent, Subscription, Topic } from './event-bus.ts';
import { NotDurable } from './event-bus.ts';
import { bytesOfAnyCodec } from './log-reader.contract.ts';

/** What the suite needs of an adapter: a new topic for each test, and buses on it by consumer group. */
export type EventBusUnderTest = { topic: Topic; bus: (consumerGroup: string) => EventBus };

/**
 * The contract of the event bus; every adapter runs it. The suite requires no order and tolerates repeated deliveries.
 */
export const eventBusContract = (open: () => Promise<EventBusUnderTest>) => {
  const subscriptions: Subscription[] = [];
  afterEach(async () => {
    await Promise.all(subscriptions.splice(0).map((subscription) => subscription.close()));
  });

  const subscribe = async (bus: EventBus, topic: Topic, handler: BatchHandler) => {
    const subscription = await bus.subscribe(topic.name, handler);
    subscriptions.push(subscription);
    return subscription;
  };
  const collect = async (bus: EventBus, topic: Topic) => {
    const seen: DeliveredRecord[] = [];
    const subscription = await subscribe(bus, topic, async (batch) => {
      seen.push(...batch);
      return batch.map(() => 'done');
    });
    return { seen, values: () => new Set(seen.map(textOf)), ...subscription };
  };
  const event = (n: number, key = `key-${n % 7}`): OutgoingEvent => ({
    id: `id-${n}`,
    key,
    value: Buffer.from(JSON.stringify({ n, key, text: 'é☃' })),
  });
  const events = (many: number) => Array.from({ length: many }, (_, n) => event(n));
  const publish = async (bus: EventBus, topic: Topic, wanted: ReturnType<typeof events>) => {
    let left = wanted;
    await eventually(async () => {
      try {
        await bus.publish(topic.name, left);
      } catch (error) {
        if (!(error instanceof NotDurable)) throw error;
        left = left.filter(({ id }) => error.ids.has(id));
        throw error;
      }
    });
  };
  const textOf = ({ value }: { value: Buffer }) => value.toString();

  it('delivers every published event, byte for byte, to a group that subscribes later', async () => {
    const { topic, bus } = await open();
    await publish(bus('writers'), topic, events(50));
    const { values } = await collect(bus('readers'), topic);
    await eventually(() => expect(values()).toEqual(new Set(events(50).map(textOf))));
  });

  it('delivers values that are not valid text unchanged', async () => {
    const { topic, bus } = await open();
    await publish(
      bus('writers'),
      topic,
      bytesOfAnyCodec.map((value, n) => ({ ...event(n), value })),
    );
    const { seen } = await collect(bus('readers'), topic);
    const hex = (of: readonly Buffer[]) => new Set(of.map((value) => value.toString('hex')));
    await eventually(() => expect(hex(seen.map(({ value }) => value))).toEqual(hex(bytesOfAnyCodec)));
  });

  it('delivers a tombstone as a record with its key and an empty value', async () => {
    const { topic, bus } = await open();
    await publish(bus('writers'), topic, [event(1, 'kept'), event(2, 'removed')]);
    await publish(bus('writers'), topic, [{ id: 'tombstone', key: 'removed', value: Buffer.alloc(0) }]);
    const { seen } = await collect(bus('readers'), topic);
    const tombstones = () => seen.filter(({ value }) => value.length === 0);
    await eventually(() => expect(new Set(tombstones().map(({ key }) => key))).toEqual(new Set(['removed'])));
    await eventually(() => expect(seen.map(textOf)).toContain(textOf(event(1, 'kept'))));
  });

  it('delivers what is published after the subscription', async () => {
    const { topic, bus } = await open();
    const { values } = await collect(bus('readers'), topic);
    await publish(bus('writers'), topic, events(20));
    await eventually(() => expect(values().size).toBe(20));
  });

  it('reports partition and offset of a record, and keeps the records of one key in one partition', async () => {
    const { topic, bus } = await open();
    await publish(bus('writers'), topic, events(40));
    const { seen, values } = await collect(bus('readers'), topic);
    await eventually(() => expect(values().size).toBe(40));
    if (seen.some(({ partition }) => partition === undefined)) return; // a broker without partitions
    const places = new Map(seen.map((record) => [`${record.partition}/${record.offset}`, record.value.toString()]));
    for (const { partition, offset, value } of seen)
      expect(places.get(`${partition}/${offset}`)).toBe(value.toString());
    const partitionsOfKey = new Set(seen.filter(({ key }) => key === 'key-3').map(({ partition }) => partition));
    expect(partitionsOfKey.size).toBe(1);
  });

  it('delivers records again after the verdict retry, and after the handler threw', async () => {
    const { topic, bus } = await open();
    const calls = { count: 0 };
    const done = new Set<string>();
    await subscribe(bus('readers'), topic, async (batch) => {
      calls.count++;
      if (calls.count === 1) throw new Error('the handler fails');
      if (calls.count === 2) return batch.map(() => 'retry');
      for (const { value } of batch) done.add(value.toString());
      return batch.map(() => 'done');
    });
    await publish(bus('writers'), topic, events(10));
    await eventually(() => expect(done.size).toBe(10));
  });

  it('delivers all events to every consumer group', async () => {
    const { topic, bus } = await open();
    const [one, two] = [await collect(bus('one'), topic), await collect(bus('two'), topic)];
    await publish(bus('writers'), topic, events(10));
    await eventually(() => expect([one.values().size, two.values().size]).toEqual([10, 10]));
  });

  it('continues after a restart of the group without losing events', async () => {
    const { topic, bus } = await open();
    const first = await collect(bus('readers'), topic);
    await publish(bus('writers'), topic, events(10));
    await eventually(() => expect(first.values().size).toBe(10));
    await first.close();
    await publish(bus('writers'), topic, [event(10), event(11)]);
    const second = await collect(bus('readers'), topic);
    const newValues = [event(10), event(11)].map(textOf);
    await eventually(() => expect([...second.values()]).toEqual(expect.arrayContaining(newValues)));
  });

  it('reports the committed offsets of a group, and never more than its handlers answered done for', async () => {
    const { topic, bus } = await open();
    const total = (committedOffsets: ReadonlyMap<number, number>) =>
      [...committedOffsets.values()].reduce((sum, next) => sum + next, 0);
    const delivered: DeliveredRecord[] = [];
    let isDone = false;
    const readers = bus('readers');
    await subscribe(readers, topic, async (batch) => {
      delivered.push(...batch);
      return batch.map(() => (isDone ? 'done' : 'retry'));
    });
    await publish(bus('writers'), topic, events(10));
    await eventually(() => expect(delivered).not.toEqual([]));
    expect(total(await readers.committedOffsets(topic.name))).toBe(0);
    isDone = true;
    const reportsOffsets = delivered.every(({ offset }) => offset !== undefined);
    await eventually(async () =>
      expect(total(await readers.committedOffsets(topic.name))).toBe(reportsOffsets ? 10 : 0),
    );
    expect(await bus('others').committedOffsets(topic.name)).toEqual(new Map());
  });

  it('closes a subscription only after the handler has returned for the delivery in flight', async () => {
    const { topic, bus } = await open();
    const seenByOthers = await collect(bus('others'), topic);
    const hasReachedOthers = (n: number) => eventually(() => expect(seenByOthers.values()).toContain(textOf(event(n))));
    let answer = () => {};
    const mayAnswer = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const count = { delivered: 0, answered: 0 };
    const subscription = await subscribe(bus('readers'), topic, async (batch) => {
      count.delivered++;
      await mayAnswer;
      count.answered++;
      return batch.map(() => 'done');
    });
    await publish(bus('writers'), topic, [event(0)]);
    await eventually(() => expect(count.delivered).toBeGreaterThan(0));
    let isClosed = false;
    const closing = subscription.close().then(() => {
      isClosed = true;
    });
    await publish(bus('writers'), topic, [event(1)]);
    await hasReachedOthers(1);
    expect(isClosed).toBe(false);
    answer();
    await closing;
    const whenClosed = { ...count };
    expect(whenClosed.answered).toBe(whenClosed.delivered);
    await publish(bus('writers'), topic, [event(2)]);
    await hasReachedOthers(2);
    expect(count).toEqual(whenClosed);
  });

  it('reports the event that cannot be made durable, and makes the others durable', async () => {
    const { topic, bus } = await open();
    const tooLarge = { ...event(1), value: Buffer.alloc(topic.maxMessageBytes + 1, 'x') };
    const failure = await bus('writers')
      .publish(topic.name, [event(0), tooLarge, event(2)])
      .catch((error) => error);
    expect(failure).toBeInstanceOf(NotDurable);
    expect(failure.ids).toContain(tooLarge.id);
    const others = [event(0), event(2)];
    await publish(
      bus('writers'),
      topic,
      others.filter(({ id }) => failure.ids.has(id)),
    );
    const { values } = await collect(bus('readers'), topic);
    await eventually(() => expect(values()).toEqual(new Set(others.map(textOf))));
  });

  it('refuses to publish to a topic that was never created', async () => {
    const { bus } = await open();
    await expect(bus('writers').publish('no-such-topic', [event(0)])).rejects.toThrow(/no-such-topic/);
  });

  it('is ready', async () => {
    const { bus } = await open();
    await expect(bus('readers').check()).resolves.toBeUndefined();
  });
};
