import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMandateChangedEvent } from '../../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../../contracts/topics.ts';
import { type EmbeddedPlatform, openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import { discardDeadLetters } from '../../packages/projections/dead-letters/index.ts';
import { createStores } from '../../packages/projections/generations/index.ts';
import { type RunningProjection, startProjection } from '../../packages/projections/projection.ts';
import { noProgress, rebuild } from '../../packages/projections/rebuild/index.ts';
import { openView, type View } from '../../packages/projections/view.ts';
import { eventually } from '../../tests/eventually.ts';
import { createTestRuntime, noon } from '../../tests/test-runtime.ts';
import { type Mandate, permittedLevel } from './mandate.ts';
import { mandates } from './materialise.ts';

const topic = topics.connectionMandates;
const group = 'iot-platform-consumer';
type Level = '0' | '1' | '2';

describe('a connection with an unreadable record', () => {
  let platform: EmbeddedPlatform;
  let projection: RunningProjection;
  let view: View<Mandate>;

  const follow = async () => {
    const store = platform.stateStore('statestore');
    const bus = platform.eventBus(group);
    projection = await startProjection(mandates, {
      ...createTestRuntime(),
      bus,
      store,
      topicLog: platform.logReader(),
    });
    view = openView<Mandate>(mandates, store);
  };
  beforeEach(async () => {
    platform = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
    await follow();
  });
  afterEach(() => projection.close());

  /** Resolves when the view has applied it. */
  const publish = async (value: string, key = '7733') => {
    await platform.eventBus('test').publish(topic.name, [{ id: 'x', key, value: Buffer.from(value) }]);
    await settled();
  };
  const settled = () =>
    eventually(async () => {
      const ranges = await platform.logReader().offsets(topic.name);
      const committed = platform.consumerGroup(group).committed(topic.name);
      expect(ranges.every(({ partition, end }) => (committed.get(partition) ?? 0) === end)).toBe(true);
    });
  const event = (connectionMandate: Level, revision: number, connectionId = '7733') =>
    JSON.stringify(
      createMandateChangedEvent({ connectionId, connectionMandate }, { id: 'x', revision, time: new Date(noon) }),
    );
  const change = (level: Level, revision: number, connectionId = '7733') =>
    publish(event(level, revision, connectionId), connectionId);
  const unreadable = JSON.stringify({ connectionId: '7733', connectionMandate: '7' });
  const readAgain = async () => {
    await platform
      .consumerGroup(group)
      .reset(topic.name, new Map([...Array(topic.partitions).keys()].map((n) => [n, 0])));
    await eventually(() => expect(projection.counts().ignored).toBeGreaterThan(0));
    await settled();
  };
  const placeOfLast = async () => {
    const { partition, end } = (await platform.logReader().offsets(topic.name)).find((range) => range.end > 0) ?? {};
    return { partition: partition as number, offset: (end as number) - 1 };
  };
  const discard = async (place: { partition: number; offset: number }, key = '7733') =>
    discardDeadLetters(mandates, createStores({ store: platform.stateStore('statestore') }), [{ ...place, key }]);
  const isMarked = () => expect(view.get('7733')).rejects.toMatchObject({ code: 'record-dead-lettered' });
  const shows = async (level: Level) => expect((await view.get('7733'))?.connectionMandate).toBe(level);
  const openOnes = async () => (await view.completeness()).deadLetters ?? 0;

  it('is refused, with the place of the record, while other connections are answered', async () => {
    await change('2', noon);
    await change('1', noon, '1721');
    await publish(unreadable);
    await expect(view.get('7733')).rejects.toMatchObject({
      code: 'record-dead-lettered',
      remedy: expect.stringMatching(/npm run dead-letters -- show connection-mandates-topic\/\d\/1/),
      facts: { deadLetters: [expect.stringMatching(/^connection-mandates-topic\/\d\/1$/)] },
    });
    expect((await view.get('1721'))?.connectionMandate).toBe('1');
    expect([(await view.completeness()).state, await openOnes()]).toEqual(['complete', 1]);
  });

  it('is found by its payload; a record that names no connection is only counted', async () => {
    await change('2', noon);
    await publish(unreadable, 'X');
    await isMarked();
    await publish('nonsense', 'no connection');
    expect([projection.counts().setAside, await openOnes()]).toEqual([2, 1]);
  });

  it('is found by the key of a record without a value', async () => {
    await change('2', noon);
    await publish('', '7733');
    await isMarked();
  });

  it('stays unknown until a later record about it is read', async () => {
    await publish(unreadable);
    expect(await view.get('7733')).toBeUndefined();
    await change('1', noon);
    await shows('1');
    expect(await openOnes()).toBe(0);
  });

  it('is answered again after a later change, and not after a stale or duplicate one', async () => {
    await change('1', noon);
    await publish(unreadable);
    await change('2', noon - 1);
    await isMarked();
    await change('1', noon);
    await isMarked();
    await change('2', noon + 1);
    await shows('2');
    expect(await openOnes()).toBe(0);
  });

  it('stays refused after a restart, and after an offset reset', async () => {
    await change('1', noon);
    await publish(unreadable);
    await projection.close();
    await follow();
    await isMarked();
    await readAgain();
    await isMarked();
    expect(await openOnes()).toBe(1);
  });

  it.each([
    'nonsense',
    `${topic.name}/9/9`,
  ])('is refused for a record whose replay-of header is %s', async (replayOf) => {
    await change('1', noon);
    const { partition } = await placeOfLast();
    await platform
      .operatorLog()
      .append(topic, [{ key: '7733', value: Buffer.from('{'), timestamp: noon, partition, replayOf }]);
    await settled();
    await isMarked();
    await discard(await placeOfLast());
    await shows('1');
  });

  it('is not refused again when the record is delivered again after a later change', async () => {
    await change('1', noon);
    await publish(unreadable);
    await change('2', noon + 1);
    await readAgain();
    await shows('2');
  });

  describe('in a rebuilt view', () => {
    const rebuilt = () =>
      rebuild(
        {
          projection: mandates,
          log: platform.logReader(),
          stores: createStores({ store: platform.stateStore('statestore') }),
          primaryStore: 'statestore',
          toDisplayValue: permittedLevel,
          now: () => noon,
          holder: 'a test',
          report: () => {},
          progress: noProgress,
          pointerExpiryMs: 0,
          recheckAfterMs: 0,
        },
        { inPlace: false, acceptDifferences: false },
      );

    it('stays refused, and is counted', async () => {
      await change('1', noon);
      await publish(unreadable);
      await change('1', noon, '1721');
      expect(await rebuilt()).toMatchObject({ switched: true, setAside: 1 });
      view = openView<Mandate>(mandates, platform.stateStore('statestore'));
      expect((await view.completeness()).generation).toEqual({ number: 2 });
      await isMarked();
      expect((await view.get('1721'))?.connectionMandate).toBe('1');
      expect(await openOnes()).toBe(1);
      await change('2', noon + 1);
      await shows('2');
      expect(await openOnes()).toBe(0);
    });

    it('is answered when a later change settled the record, or when it was discarded', async () => {
      await change('1', noon);
      await publish(unreadable);
      await change('2', noon + 1);
      await publish(unreadable);
      await discard(await placeOfLast());
      await rebuilt();
      view = openView<Mandate>(mandates, platform.stateStore('statestore'));
      await shows('2');
      expect(await openOnes()).toBe(0);
      await readAgain();
      await shows('2');
    });

    it('is refused for a dead letter of an earlier version, which did not mark documents', async () => {
      await change('1', noon);
      await publish(unreadable);
      // As an earlier version wrote it: without marks and places.
      const store = platform.stateStore('statestore');
      const held = await store.getMany(['7733']);
      const { deadLetters: _, at: __, ...old } = held.get('7733')?.value as Record<string, unknown>;
      await store.transact([{ key: '7733', value: old, etag: held.get('7733')?.etag }]);
      await shows('1');
      await rebuilt();
      view = openView<Mandate>(mandates, store);
      await isMarked();
    });
  });

  describe('whose record is replayed', () => {
    const replay = async (place: { partition: number; offset: number }, value: string) => {
      const replayOf = `${topic.name}/${place.partition}/${place.offset}`;
      const { partition } = place;
      await platform
        .operatorLog()
        .append(topic, [{ key: '7733', value: Buffer.from(value), timestamp: noon, partition, replayOf }]);
      await settled();
    };
    const plain = (connectionMandate: Level) => JSON.stringify({ connectionId: '7733', connectionMandate });

    it('is answered with the value of the record', async () => {
      await change('1', noon);
      await publish(unreadable);
      await replay(await placeOfLast(), event('2', noon + 1));
      await shows('2');
      expect(await openOnes()).toBe(0);
    });

    it('is answered although the record is older than the view', async () => {
      await change('1', noon);
      await publish(unreadable);
      await replay(await placeOfLast(), event('2', noon - 1));
      await shows('1');
    });

    it('stays refused for a later unreadable record', async () => {
      await change('1', noon);
      await publish(unreadable);
      const first = await placeOfLast();
      await publish(unreadable);
      await replay(first, event('2', noon + 1));
      await isMarked();
      expect(await openOnes()).toBe(1);
    });

    it('is not set back by a payload without a revision, which is ordered by its original offset', async () => {
      await publish(plain('1'));
      await publish(unreadable);
      const place = await placeOfLast();
      await publish(plain('0'));
      await replay(place, plain('2'));
      await shows('0');
    });

    it('keeps the same dead letter when the record still cannot be read', async () => {
      await change('1', noon);
      await publish(unreadable);
      const place = await placeOfLast();
      await replay(place, unreadable);
      await expect(view.get('7733')).rejects.toMatchObject({
        facts: { deadLetters: [`${topic.name}/${place.partition}/${place.offset}`] },
      });
    });

    it('is not changed by a replay-of header with a later offset or another partition', async () => {
      await publish(plain('1'));
      const place = await placeOfLast();
      await publish(plain('0'));
      for (const replayOf of [
        `${topic.name}/${place.partition}/99`,
        `${topic.name}/${place.partition + 1}/0`,
        'nonsense',
        '',
      ]) {
        const value = Buffer.from(plain('2'));
        await platform
          .operatorLog()
          .append(topic, [{ key: '7733', value, timestamp: noon + 9, partition: place.partition, replayOf }]);
        await settled();
        await shows('0');
      }
    });
  });

  describe('whose record is discarded', () => {
    it('is answered from the view, also after the record is delivered again', async () => {
      await change('1', noon);
      await publish(unreadable);
      await discard(await placeOfLast());
      await shows('1');
      expect(await openOnes()).toBe(0);
      await readAgain();
      await shows('1');
      expect(await openOnes()).toBe(0);
    });

    it('stays refused for another record', async () => {
      await change('1', noon);
      await publish(unreadable);
      await discard(await placeOfLast());
      await publish(unreadable);
      await isMarked();
    });
  });
});
