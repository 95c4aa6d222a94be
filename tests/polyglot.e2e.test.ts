import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMandateChangedEvent } from '../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../contracts/topics.ts';
import { eventually } from './eventually.ts';
import { getJson } from './http.ts';
import { type RunningProcess, root, startProgram } from './platform-process.ts';
import { buildGoSubscriber, preparePythonSubscriber } from './polyglot/build-examples.ts';
import { createComponentsFolder, startSidecar, waitUntilHealthy } from './stack/dapr-lab.ts';
import { createTestKafkaClient, resetStack } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const languages = [
  { language: 'Python', group: 'subscriber-of-python', port: ports.free, prepare: preparePythonSubscriber },
  { language: 'Go', group: 'subscriber-of-go', port: ports.free + 10, prepare: buildGoSubscriber },
];

const change = (connectionId: string, connectionMandate: '0' | '1' | '2', revision: number) => {
  const event = createMandateChangedEvent(
    { connectionId, connectionMandate },
    { id: `${connectionId}-${revision}-${connectionMandate}`, revision, time: new Date(revision) },
  );
  return { key: connectionId, value: JSON.stringify(event) };
};

/** The component of docs/polyglot.md: that of the customer-view under another name. */
const createComponents = (group: string) =>
  createComponentsFolder((file, yaml) =>
    file === 'customer-view-pubsub.yaml'
      ? yaml.replaceAll('customer-view-consumer', group).replaceAll('customer-view', 'subscriber')
      : yaml,
  );

describe.skipIf(!(await isStackReady()))('the short subscribers of docs/polyglot.md', () => {
  beforeAll(async () => {
    await resetStack();
    const producer = createTestKafkaClient().producer();
    await producer.connect();
    const messages = [
      change('7733', '1', 10),
      change('7733', '2', 12),
      change('7733', '0', 11),
      change('4512', '2', 5),
      change('4512', '1', 5),
      change('4512', '2', 5),
      { key: '8179', value: 'nonsense' },
      change('8179', '2', 1),
    ];
    await producer.send({ topic: topics.connectionMandates.name, messages });
    await producer.disconnect();
  });

  describe.each(languages)('in $language', ({ group, port, prepare }) => {
    const started: RunningProcess[] = [];
    afterAll(() => Promise.all(started.map((one) => one.end('SIGTERM'))));

    it('shows the highest revision of each connection, and the lower of two levels of one revision', async () => {
      const { program, args, env } = await prepare();
      const app = startProgram(program, args, { ...env, APP_PORT: String(port) });
      started.push(app);
      const sidecarPorts = { dapr: port + 1, grpc: port + 2, internal: port + 3 };
      started.push(await startSidecar('subscriber', port, sidecarPorts, createComponents(group), 'http'));
      const url = `http://127.0.0.1:${port}`;
      await waitUntilHealthy(`${url}/healthz`, app);
      const levelOf = async (connectionId: string) => (await getJson(`${url}/mandates/${connectionId}`)).body;
      await eventually(async () =>
        expect(await Promise.all(['7733', '4512', '8179'].map(levelOf))).toEqual(['2', '1', '2']),
      );
    });
  });
});

it.each([
  ['python', 'examples/subscribe-python/main.py'],
  ['go', 'examples/subscribe-go/main.go'],
])('docs/polyglot.md shows the %s program as it is', (language, file) => {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  expect(read('docs/polyglot.md')).toContain(`\`\`\`${language}\n${read(file)}\`\`\``);
});
