import kafkajs, { type PartitionAssigner } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { findListener } from '../scripts/doctor/processes.ts';
import { runDoctor } from './doctor.ts';
import { eventually } from './eventually.ts';
import {
  dataFolder,
  programWords,
  type RunningProcess,
  startProcess,
  startProgram,
  waitForOutput,
} from './platform-process.ts';
import { createComponentsFolder } from './stack/dapr-lab.ts';
import { createTestKafkaClient, resetStack } from './stack/fresh.ts';
import { ports, stackEnvironment } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

let lab: RunningProcess;
let env: Record<string, string>;

const runLab = async (...args: string[]) => {
  const command = startProgram(process.execPath, [...programWords('scripts/lab.ts'), ...args], env);
  expect(await command.ended, command.output()).toBe(0);
  return command.output();
};

/** The broker refuses a member that does not offer the strategy of the others. As the leader it would assign nothing. */
const assignNothing: PartitionAssigner = () => ({
  name: 'range',
  version: 0,
  assign: async () => [],
  protocol: ({ topics: subscribed }) => ({
    name: 'range',
    metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({
      version: 0,
      topics: subscribed,
      userData: Buffer.alloc(0),
    }),
  }),
});

describe.runIf(await isStackReady())('npm run doctor next to npm run lab', () => {
  beforeAll(async () => {
    await resetStack();
    env = { LAB_PORTS: String(ports.lab), DATA_DIR: dataFolder() };
    lab = startProcess('scripts/lab.ts', {
      ...stackEnvironment,
      ...env,
      RESOURCES_PATH: createComponentsFolder(),
      CRM_DATABASE_URL: `sqlite:${dataFolder()}/crm.sqlite`,
    });
    await waitForOutput(lab, /Ctrl-C stops/);
  });
  afterAll(async () => void (await lab?.end('SIGTERM')));

  it('finds nothing wrong, and checks sidecars, topics and consumer groups', async () => {
    // A consumer group has its members soon after its service is ready.
    await eventually(async () => {
      const { code, findings } = await runDoctor(env);
      expect(findings.filter(({ status }) => status === 'problem' || status === 'skipped')).toEqual([]);
      expect(code).toBe(0);
      const messages = findings.map(({ check, message }) => `${check}: ${message}`).join('\n');
      expect(messages).toMatch(
        /sidecars: the sidecar of the IoT platform on port \d+ is healthy, with iot-platform-pubsub, statestore/,
      );
      expect(messages).toContain(`topics: ${Object.keys(topics).length} topics exist`);
      expect(messages).toContain('consumer groups: the consumer group iot-platform-consumer has 1 member');
      expect(messages).toMatch(/canary: a greeting was accepted in \d+ ms and shown by the customer-view after \d+ ms/);
    });
  });

  it('names a stranger in a consumer group', async () => {
    const [groupId, topic] = ['iot-platform-consumer', topics.connectionMandates.name];
    const consumer = createTestKafkaClient().consumer({ groupId, partitionAssigners: [assignNothing] });
    await consumer.connect();
    await consumer.subscribe({ topic });
    await consumer.run({ eachMessage: async () => {} });
    const isMember = async () => {
      const { code, of } = await runDoctor(env);
      expect(code).toBe(1);
      expect(of('consumer groups')).toMatchObject([
        { status: 'problem', message: expect.stringMatching(/kafkajs .* is a member of the consumer group/) },
      ]);
    };
    try {
      await eventually(isMember);
    } finally {
      await consumer.disconnect();
    }
  });

  it('reports a sidecar that is stopped, and does not hang', async () => {
    const status = await runLab('status');
    const pid = Number(/^customer-view +pid \d+ +pid (\d+)/m.exec(status)?.[1]);
    process.kill(pid, 'SIGSTOP');
    const { code, of } = await runDoctor(env).finally(() => process.kill(pid, 'SIGCONT'));
    expect(code).toBe(1);
    expect(of('sidecars')).toMatchObject([
      { status: 'problem', message: expect.stringMatching(/sidecar on port \d+ does not answer/) },
    ]);
    // On a busy machine the canary is not decided within the time of a check.
    const canary = of('canary').map((finding) => `${finding.status}: ${finding.message}`);
    expect(canary).toEqual([expect.stringMatching(/^problem: .*not shown|^skipped: not checked: no result within/)]);
  });

  it('says which member of the lab to start', async () => {
    await runLab('stop', 'customer-view');
    const { code, of } = await runDoctor(env);
    expect(code).toBe(1);
    const remedy = `LAB_PORTS=${ports.lab} npm run lab -- start customer-view`;
    expect(of('services')).toMatchObject([{ status: 'problem', remedy }]);
    await runLab('start', 'customer-view');
  });

  it('skips the sidecars where it has another token, with exit code 2', async () => {
    await eventually(async () => {
      const { code, of } = await runDoctor({ ...env, DAPR_API_TOKEN: 'wrong' });
      expect(of('sidecars')).toMatchObject(
        Array(3).fill({ status: 'skipped', remedy: expect.stringContaining('DAPR_API_TOKEN') }),
      );
      expect(code).toBe(2);
    });
  });

  it('does not hang where Kafka is stopped', async () => {
    const pid = findListener(ports.kafka)?.pid as number;
    process.kill(pid, 'SIGSTOP');
    const { code, of } = await runDoctor(env).finally(() => process.kill(pid, 'SIGCONT'));
    expect(code).toBe(1);
    expect(of('topics')).toMatchObject([{ status: 'problem', remedy: 'npm run stack -- up kafka' }]);
    expect(of('canary')).toMatchObject([{ status: 'problem', message: expect.stringContaining('not published') }]);
  });
});
