import { topics } from '../../contracts/topics.ts';
import { createKafkaClient } from '../../packages/kafka/client.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { getJson } from '../../tests/http.ts';
import { createComponentsFolder } from '../stack/components.ts';
import { emptyLog } from '../stack/log.ts';
import { startIotPlatform } from '../stack/platform.ts';
import { broker } from '../stack/ports.ts';
import { waitForView } from '../stack/view.ts';
import { emptyRedis } from '../stack/view-check.ts';
import { defaultConfiguration, newGroup } from '../subjects/ours.ts';
import { createMessage } from '../work.ts';
import type { Scenario } from './scenario.ts';

const { name: topic, partitions } = topics.connectionMandates;
/** The session timeout of 10 s, after which the broker removes a killed member, and 2 s for the rest. */
const atMost = 12;

/** Kills one of two instances with its sidecar, and measures until the other one has applied an event of each partition. */
export const takeover: Scenario = async ({ takeovers }, progress) => {
  const values: number[] = [];
  for (let repeat = 1; repeat <= takeovers; repeat++) {
    progress(`takeover, ${repeat} of ${takeovers}`);
    values.push(await measureTakeover());
  }
  const title = 'kill -9 of one of two instances, until the other has its partitions';
  const configuration = defaultConfiguration.components;
  return [{ scenario: 'takeover', id: 'seconds', title, configuration, unit: 's', values, goal: { atMost } }];
};

const measureTakeover = async (): Promise<number> => {
  await Promise.all([emptyLog(), emptyRedis()]);
  const group = newGroup();
  const resources = createComponentsFolder(defaultConfiguration.components, group);
  const client = createKafkaClient([broker]);
  const [producer, admin] = [client.producer(), client.admin()];
  const members = [
    await startIotPlatform(resources, defaultConfiguration, 0),
    await startIotPlatform(resources, defaultConfiguration, 1),
  ];
  try {
    await Promise.all([producer.connect(), admin.connect()]);
    const isGroupStable = async () => {
      const described = (await admin.describeGroups([group])).groups[0];
      return described?.state === 'Stable' && described.members.length === members.length;
    };
    if (!(await waitUntil(60, isGroupStable))) throw new Error('the group did not become stable with two instances');
    await producer.send({ topic, messages: onePerPartition(0) });
    await waitForView(members[0] as (typeof members)[0], partitions);
    const began = performance.now();
    await members[1]?.end();
    await producer.send({ topic, messages: onePerPartition(1) });
    await waitForView(members[0] as (typeof members)[0], 2 * partitions);
    const seconds = (performance.now() - began) / 1000;
    const { body } = await getJson(`${members[0]?.url}/status`);
    if ((body.view as { state: string }).state !== 'complete')
      throw new Error(`the view is not complete: ${JSON.stringify(body)}`);
    return seconds;
  } finally {
    await Promise.all([...members.map((member) => member.end()), producer.disconnect(), admin.disconnect()]);
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
