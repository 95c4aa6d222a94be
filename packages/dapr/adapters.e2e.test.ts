import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AppProtocol } from '../../scripts/sidecar-arguments.ts';
import { eventually } from '../../tests/eventually.ts';
import { dataFolder, type RunningProcess } from '../../tests/platform-process.ts';
import { createComponentsFolder, startSidecar } from '../../tests/stack/dapr-lab.ts';
import { createTestKafkaClient, withKafkaAdmin } from '../../tests/stack/fresh.ts';
import { ports } from '../../tests/stack/ports.ts';
import { isStackReady } from '../../tests/stack/stack.ts';
import { readMysqlText, readRedisText, readSqliteText } from '../../tests/stack/stored-values.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { loopbackOnly } from '../http/access-rules.ts';
import { createDeliveryApp } from '../http/delivery-app.ts';
import { listen } from '../http/listen.ts';
import { fetchCommittedOffsets } from '../kafka/consumer-groups.ts';
import { createKafkaLogReader } from '../kafka/log-reader.ts';
import { eventBusContract } from '../projections/event-bus.contract.ts';
import type { EventBus, OutgoingEvent, Topic } from '../projections/event-bus.ts';
import { logReaderContract } from '../projections/log-reader.contract.ts';
import { stateStoreContract } from '../projections/state-store.contract.ts';
import { createDeliveries } from './event-bus/deliveries.ts';
import { createDaprEventBus } from './event-bus/event-bus.ts';
import { connectSidecar, type Sidecar } from './sidecar.ts';
import { authenticateSidecar } from './sidecar-authentication.ts';
import { createDaprStateStore } from './state-store.ts';

describe.runIf(await isStackReady())('the adapters for Dapr', () => {
  let lastPort = ports.free;
  const nextPort = () => ++lastPort;
  const sidecarPorts = () => ({ dapr: nextPort(), grpc: nextPort(), internal: nextPort() });

  /** Each subscription has its own app and sidecar, as a member of a group has in production; they end with it. */
  const busOnDapr = (
    resources: string,
    topics: Topic[],
    group: string,
    appProtocol: AppProtocol = 'grpc',
  ): EventBus => {
    const writer = sidecars.get(resources) as Awaited<ReturnType<typeof startWriter>>;
    const none = createDeliveries(authenticateSidecar(undefined), { ...createTestRuntime(), now: Date.now });
    const sidecar = appProtocol === 'grpc' ? writer.sidecarOverGrpc : writer.sidecar;
    const publisher = createDaprEventBus(sidecar, 'iot-platform-pubsub', { topics, deliveries: none });
    return {
      ...publisher,
      committedOffsets: (topic) => fetchCommittedOffsets([`127.0.0.1:${ports.kafka}`], group, topic),
      subscribe: async (topic, handler) => {
        const deliveries = createDeliveries(authenticateSidecar(undefined), { ...createTestRuntime(), now: Date.now });
        const subscription = deliveries.add('iot-platform-pubsub', topic, handler);
        const port = nextPort();
        const app = await listen(
          createDeliveryApp(deliveries.router, { ...createTestRuntime(), access: loopbackOnly }),
          { host: '127.0.0.1', port, variable: 'PORT' },
          deliveries.callbacks,
        );
        const folder = createComponentsFolder((_, yaml) => yaml.replaceAll('iot-platform-consumer', group), resources);
        const process = await startSidecar('iot-platform', port, sidecarPorts(), folder, appProtocol);
        return {
          close: async () => {
            await subscription.close();
            await process.end('SIGTERM');
            await app.close();
          },
        };
      },
    };
  };

  const startWriter = async (resources: string) => {
    const own = sidecarPorts();
    const process = await startSidecar('iot-platform', 0, own, resources);
    const sidecar = connectSidecar({ port: own.dapr });
    const sidecarOverGrpc = connectSidecar({ port: own.dapr, grpcPort: own.grpc });
    await sidecar.untilReady(AbortSignal.timeout(30_000));
    return { process, sidecar, sidecarOverGrpc };
  };
  type Writer = { process: RunningProcess; sidecar: Sidecar; sidecarOverGrpc: Sidecar };
  const sidecars = new Map<string, Writer>();
  afterAll(async () => {
    for (const { process, sidecar, sidecarOverGrpc } of sidecars.values()) {
      sidecar.close();
      sidecarOverGrpc.close();
      await process.end('SIGTERM');
    }
  });

  const createTopic = async (): Promise<Topic> => {
    const topic = { name: `things-${randomUUID()}`, partitions: 4, maxMessageBytes: 16_384 };
    const configEntries = [{ name: 'max.message.bytes', value: String(topic.maxMessageBytes) }];
    const topics = [{ topic: topic.name, numPartitions: 4, configEntries }];
    await withKafkaAdmin((admin) => admin.createTopics({ waitForLeaders: false, topics }));
    // A broker that has just started may create a topic before its metadata shows it.
    await eventually(() => withKafkaAdmin((admin) => admin.fetchTopicOffsets(topic.name)));
    return topic;
  };

  describe('the log in Kafka', () => {
    let kafkaComponents: string;
    beforeAll(async () => {
      kafkaComponents = createComponentsFolder();
      sidecars.set(kafkaComponents, await startWriter(kafkaComponents));
    });

    logReaderContract(async () => {
      const topic = await createTopic();
      const publish = async (events: readonly OutgoingEvent[]) => {
        const producer = createTestKafkaClient().producer();
        await producer.connect();
        const messages = events.map(({ key, value }) => ({ key, value: value.length === 0 ? null : value }));
        await producer.send({ topic: topic.name, messages });
        await producer.disconnect();
      };
      return { topic, log: createKafkaLogReader([`127.0.0.1:${ports.kafka}`], { newId: randomUUID }), publish };
    });

    it('may end in the marker of a transaction, which is not a record', async () => {
      const topic = await createTopic();
      const producer = createTestKafkaClient().producer({
        transactionalId: topic.name,
        maxInFlightRequests: 1,
        idempotent: true,
      });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic: topic.name, messages: [{ partition: 0, value: 'one' }] });
      await transaction.commit();
      await producer.disconnect();
      const log = createKafkaLogReader([`127.0.0.1:${ports.kafka}`], { newId: randomUUID });
      await eventually(async () => expect((await log.offsets(topic.name))[0]).toMatchObject({ begin: 0, end: 2 }));
      const read: string[] = [];
      await log.read(topic.name, await log.offsets(topic.name), async ({ records }) => {
        read.push(...records.map(({ value }) => String(value)));
      });
      expect(read).toEqual(['one']);
    });

    it('has the records of aborted transactions, because the sidecar delivers them as well', async () => {
      const topic = await createTopic();
      const producer = createTestKafkaClient().producer({
        transactionalId: topic.name,
        maxInFlightRequests: 1,
        idempotent: true,
      });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic: topic.name, messages: [{ partition: 0, value: 'aborted' }] });
      await transaction.abort();
      await producer.disconnect();
      const log = createKafkaLogReader([`127.0.0.1:${ports.kafka}`], { newId: randomUUID });
      const bus = busOnDapr(kafkaComponents, [topic], randomUUID());
      const [read, delivered]: [string[], string[]] = [[], []];
      const subscription = await bus.subscribe(topic.name, async (batch) => {
        delivered.push(...batch.map(({ value }) => String(value)));
        return batch.map(() => 'done');
      });
      await eventually(() => expect(delivered).toEqual(['aborted']));
      await subscription.close();
      await log.read(topic.name, await log.offsets(topic.name), async ({ records }) => {
        read.push(...records.map(({ value }) => String(value)));
      });
      expect(read).toEqual(delivered);
    });
  });

  describe.each([
    ['dapr-components', 'grpc', true],
    ['dapr-components', 'http', true],
    ['dapr-components/variants/redis-streams', 'grpc', false],
    ['dapr-components/variants/redis-streams', 'http', false],
  ] as const)('the event bus of %s over %s', (folder, appProtocol, canCompact) => {
    let resources: string;
    beforeAll(async () => {
      resources = createComponentsFolder(undefined, folder);
      sidecars.set(resources, await startWriter(resources));
    });

    vi.setConfig({ testTimeout: 60_000 });
    eventBusContract(async () => {
      const topic = await createTopic();
      const run = randomUUID();
      return { topic, bus: (group) => busOnDapr(resources, [topic], `${group}-${run}`, appProtocol) };
    });

    it('says whether its broker compacts topics', async () => {
      expect(await busOnDapr(resources, [], 'readers').canCompact?.()).toBe(canCompact);
    });
  });

  const file = join(dataFolder(), 'state.sqlite');
  describe.each([
    ['dapr-components', 'statestore', '2', readRedisText],
    ['dapr-components', 'durable-statestore', undefined, readMysqlText],
    ['dapr-components/variants/sqlite', 'statestore', undefined, (key: string) => readSqliteText(file, key)],
  ])('the state store %s %s', (folder, name, secondEtag, readText) => {
    let resources: string;
    beforeAll(async () => {
      resources = createComponentsFolder((_, yaml) => yaml.replace(/\.data\/[\w-]+\.(db|sqlite)/, file), folder);
      sidecars.set(resources, await startWriter(resources));
    });

    const openOver = (transport: 'HTTP' | 'gRPC') => {
      const { sidecar, sidecarOverGrpc } = sidecars.get(resources) as Writer;
      return createDaprStateStore(transport === 'gRPC' ? sidecarOverGrpc : sidecar, name, randomUUID);
    };

    describe.each(['HTTP', 'gRPC'] as const)('over %s', (transport) => {
      const open = async () => openOver(transport);
      stateStoreContract(open);

      it('predicts etags only if it counts the writes of a key', async () => {
        const store = await open();
        await store.transact([{ key: randomUUID(), value: 1 }]);
        expect(store.etagAfter?.('1')).toBe(secondEtag);
      });
    });

    it('has the same bytes, whichever way a value was written, and each way reads what the other wrote', async () => {
      const values = [
        { text: 'é ☃ "quoted" \\ <&> \u2028' },
        { big: 1795251600000 },
        [null, true, -1, {}, ''],
        'text',
        7,
      ];
      const ids = values.map(() => randomUUID());
      const stored = new Map<string, unknown[]>();
      for (const [transport, other] of [
        ['HTTP', 'gRPC'],
        ['gRPC', 'HTTP'],
      ] as const) {
        const keyOf = (id: string) => `${transport}-${id}`;
        await openOver(transport).transact(ids.map((id, n) => ({ key: keyOf(id), value: values[n] })));
        const read = await openOver(other).getMany(ids.map(keyOf));
        expect(ids.map((id) => read.get(keyOf(id))?.value)).toEqual(values);
        stored.set(transport, await Promise.all(ids.map((id) => readText(`iot-platform||${keyOf(id)}`))));
      }
      expect(stored.get('gRPC')).toEqual(stored.get('HTTP'));
      expect(stored.get('gRPC')?.map((text) => JSON.parse(String(text)))).toEqual(values);
    });
  });
});
