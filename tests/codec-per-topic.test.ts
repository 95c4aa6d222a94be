import { deserialize, serialize } from 'node:v8';
import { expect, it, onTestFinished } from 'vitest';
import type { Codec } from '../contracts/codec.ts';
import { createMandateChangedEvent } from '../contracts/events/connection-mandate-changed/schema.ts';
import { connectionMandateChanged } from '../contracts/events/connection-mandate-changed/upcasters.ts';
import { createEventReader } from '../contracts/read-event.ts';
import { topics } from '../contracts/topics.ts';
import { appendToOutbox, readOutboxBacklog } from '../crm/outbox/outbox.ts';
import { startRelay } from '../crm/outbox/relay.ts';
import type { Mandate } from '../iot-platform/mandates/mandate.ts';
import { mandates } from '../iot-platform/mandates/materialise.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import type { DeliveredRecord } from '../packages/projections/event-bus.ts';
import { startProjection } from '../packages/projections/projection.ts';
import { openView } from '../packages/projections/view.ts';
import { openTestDatabase } from './crm-database.ts';
import { eventually } from './eventually.ts';
import { createTestRuntime, noon } from './test-runtime.ts';

/** A codec whose bytes are neither JSON nor UTF-8. */
const binaryCodec: Codec = { contentType: 'application/octet-stream', encode: serialize, decode: deserialize };

it('events of a topic with a binary codec pass outbox, bus and projection into the view', async () => {
  const topic = { ...topics.connectionMandates, codec: binaryCodec };
  const { parse, findSubjectOfUnreadable: keyOfUnreadable } = createEventReader(binaryCodec, connectionMandateChanged);
  const platform = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
  const [db, bus, store] = [await openTestDatabase(), platform.eventBus('group'), platform.stateStore('statestore')];
  const delivered: DeliveredRecord[] = [];
  const watching = await platform.eventBus('watching').subscribe(topic.name, async (batch) => {
    delivered.push(...batch);
    return batch.map(() => 'done');
  });
  const projection = await startProjection(
    { ...mandates, topic, parse, keyOfUnreadable },
    { ...createTestRuntime(), bus, store },
  );
  const relay = startRelay({ ...createTestRuntime(), db, bus, codecOf: () => binaryCodec });
  onTestFinished(async () => void (await Promise.all([relay.close(0), projection.close(), watching.close()])));

  const event = createMandateChangedEvent(
    { connectionId: '7733', connectionMandate: '2' },
    { id: 'x', revision: noon, time: new Date(noon) },
  );
  await db
    .transaction()
    .execute((trx) => appendToOutbox(trx, [{ topic, id: event.id, key: event.subject, event }], noon));
  relay.wake();
  const view = openView<Mandate>(mandates, store);
  await eventually(async () => expect((await view.get('7733'))?.connectionMandate).toBe('2'));
  expect(await readOutboxBacklog(db)).toMatchObject({ waiting: 0 });
  expect(delivered.map(({ value }) => value)).toEqual([serialize(event)]);

  // This codec cannot decode JSON.
  const value = topics.connectionMandates.codec.encode(event);
  await bus.publish(topic.name, [{ id: 'y', key: '7733', value }]);
  await eventually(() => expect(projection.counts()).toMatchObject({ applied: 1, setAside: 1 }));
  await expect(view.get('7733')).rejects.toMatchObject({ code: 'record-dead-lettered' });
});
