import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMessage, lastChanges } from '../bench/work.ts';
import { topics } from '../contracts/topics.ts';
import { groupBy } from '../packages/runtime/group-by.ts';
import { eventually } from './eventually.ts';
import { fetchMandate } from './http.ts';
import { createComponentsFolder, type Member, startIotMember } from './stack/dapr-lab.ts';
import { createTestKafkaClient, resetStack, withKafkaAdmin } from './stack/fresh.ts';
import { isStackReady } from './stack/stack.ts';

const { name: topic, partitions } = topics.connectionMandates;
const underLoad = 60_000;
const work = { seed: 1, events: underLoad + 200, keys: 5_000 };
const batchSize = 30;

describe.runIf(await isStackReady())('two instances on dapr-components/variants/quick-takeover', () => {
  const members: Member[] = [];
  beforeAll(async () => {
    await resetStack();
    const resources = createComponentsFolder(undefined, 'dapr-components/variants/quick-takeover');
    for (const instance of [0, 1] as const) members.push(await startIotMember(resources, {}, instance));
    await eventually(async () => expect(await listAssignments()).toHaveLength(2));
  });
  afterAll(async () => void (await Promise.all(members.map((member) => member.end('SIGKILL')))));

  it('stay members of their group under load, although the session is short', async () => {
    const before = await listAssignments();
    const seen = new Set<string>();
    await publish(0, underLoad);
    await eventually(
      async () => {
        for (const { memberId } of await listAssignments()) seen.add(memberId);
        expect(await countCommitted()).toBe(underLoad);
      },
      { interval: 200 },
    );
    expect([...seen].sort()).toEqual(before.map(({ memberId }) => memberId).sort());
  });

  it('replace each other: a killed one loses its partitions to the other', async () => {
    await members[1]?.end('SIGKILL');
    await publish(underLoad, work.events);
    await eventually(async () => expect(await countCommitted()).toBe(work.events));
    for (const { connectionId, connectionMandate } of [...lastChanges(work).values()].slice(-20))
      expect(await fetchMandate(members[0] as Member, connectionId)).toBe(connectionMandate);
    expect(await listAssignments()).toHaveLength(1);
  });

  /** The members that have partitions; a member that was expelled returns with another id. */
  const listAssignments = () =>
    withKafkaAdmin(async (admin) => {
      const { groups } = await admin.describeGroups(['iot-platform-consumer']);
      return groups.flatMap(({ state, members }) => (state === 'Stable' ? members : []));
    });

  const countCommitted = () =>
    withKafkaAdmin(async (admin) => {
      const [committed] = await admin.fetchOffsets({ groupId: 'iot-platform-consumer', topics: [topic] });
      return (committed?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
    });

  const publish = async (first: number, end: number) => {
    const messages = Array.from({ length: end - first }, (_, i) => createMessage(work, first + i, partitions));
    const producer = createTestKafkaClient().producer();
    await producer.connect();
    // The limit of the topic applies to a batch. One batch in flight per partition keeps the order.
    const sendInOrder = async (ofPartition: typeof messages) => {
      for (let from = 0; from < ofPartition.length; from += batchSize)
        await producer.send({ topic, messages: ofPartition.slice(from, from + batchSize) });
    };
    await Promise.all([...groupBy(messages, ({ partition }) => partition).values()].map(sendInOrder));
    await producer.disconnect();
  };
});
