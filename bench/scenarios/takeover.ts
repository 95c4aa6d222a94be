import { topics } from '../../contracts/topics.ts';
import { createKafkaClient } from '../../packages/kafka/client.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { getJson } from '../../tests/http.ts';
import type { Result } from '../result.ts';
import type { Checkout } from '../stack/checkout.ts';
import { emptyLog } from '../stack/log.ts';
import type { Configuration, RunningService } from '../stack/platform.ts';
import { broker } from '../stack/ports.ts';
import { emptyRedis } from '../stack/stores.ts';
import { waitForView } from '../stack/view.ts';
import { defaultConfiguration, startMembers } from '../subjects/ours.ts';
import { createMessage } from '../work.ts';
import type { Scenario } from './scenario.ts';

const { name: topic, partitions } = topics.connectionMandates;
/** The limits are in seconds. Other versions are measured in their default configuration only. */
const measuredConfigurations: readonly { configuration: Configuration; atMost: number }[] = [
  { configuration: defaultConfiguration, atMost: 8 },
  {
    configuration: { name: 'quick-takeover', components: 'dapr-components/variants/quick-takeover' },
    atMost: 4,
  },
];

/** Kills one of two instances with its sidecar, and measures until the other one has applied an event of each partition. */
export const takeover: Scenario = async ({ takeovers }, progress, checkouts) => {
  const runs = checkouts.flatMap((checkout) =>
    measuredConfigurations
      .filter(({ configuration }) => checkout.id === 'ours' || configuration === defaultConfiguration)
      .map((measured) => ({ ...measured, checkout, values: [] as number[] })),
  );
  for (let repeat = 1; repeat <= takeovers; repeat++)
    for (const { checkout, configuration, values } of runs) {
      progress(`takeover by ${checkout.title}, ${configuration.name}, ${repeat} of ${takeovers}`);
      values.push(await measureTakeover(checkout, configuration));
    }
  return runs.map(
    ({ checkout: { id, title }, configuration: { name, components }, atMost, values }): Result => ({
      scenario: 'takeover',
      id: `${id}-${name}`,
      title: `kill -9 of one of two instances, until the other has its partitions, ${title}`,
      configuration: components,
      unit: 's',
      values,
      ...(id === 'ours' && { goal: { atMost } }),
    }),
  );
};

const measureTakeover = async (checkout: Checkout, configuration: Configuration): Promise<number> => {
  await Promise.all([emptyLog(), emptyRedis()]);
  const client = createKafkaClient([broker]);
  const [producer, admin] = [client.producer(), client.admin()];
  const { group, members, end } = await startMembers(checkout, configuration, { instances: 2 });
  const [survivor, killed] = members as [RunningService, RunningService];
  try {
    await Promise.all([producer.connect(), admin.connect()]);
    const isGroupStable = async () => {
      const described = (await admin.describeGroups([group])).groups[0];
      return described?.state === 'Stable' && described.members.length === members.length;
    };
    if (!(await waitUntil(60, isGroupStable))) throw new Error('the group did not become stable with two instances');
    await producer.send({ topic, messages: onePerPartition(0) });
    await waitForView(members, partitions);
    const began = performance.now();
    await killed.end();
    await producer.send({ topic, messages: onePerPartition(1) });
    await waitForView([survivor], 2 * partitions);
    const seconds = (performance.now() - began) / 1000;
    const { body } = await getJson(`${survivor.url}/status`);
    if ((body.view as { state: string }).state !== 'complete')
      throw new Error(`the view is not complete: ${JSON.stringify(body)}`);
    return seconds;
  } finally {
    await Promise.all([end(), producer.disconnect(), admin.disconnect()]);
  }
};

/** Creates one new event for each partition. */
const onePerPartition = (round: number) => {
  const work = { seed: round, events: 100, keys: 100 };
  const messages = Array.from({ length: work.events }, (_, i) => createMessage(work, i, partitions));
  return Array.from({ length: partitions }, (_, partition) => {
    const message = messages.filter((candidate) => candidate.partition === partition)[round];
    if (!message) throw new Error(`no key falls into partition ${partition}`);
    return message;
  });
};
