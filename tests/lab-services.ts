import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommunicationProtocolEnum, DaprClient, DaprServer } from '@dapr/dapr';
import { topics } from '../contracts/topics.ts';
import { createSidecarArguments, type SidecarPorts } from '../scripts/sidecar-arguments.ts';
import { root, startProgram } from './platform-process.ts';
import { ensureDaprd } from './stack/stack.ts';

const topic = topics.connectionMandates.name;
const sidecarAt = (port: number) => ({
  daprHost: '127.0.0.1',
  daprPort: String(port),
  communicationProtocol: CommunicationProtocolEnum.HTTP,
});

/** What the lab's CRM publishes about its customers when it starts: a text for each row of the CSV. */
export const labMandates = readFileSync(join(root, 'data/customer-database.csv'), 'utf8')
  .trim()
  .split(/\r?\n/)
  .slice(1)
  .map((row) => row.split(','))
  .map(([, , , , connectionId = '', connectionMandate = '']) => ({ connectionId, connectionMandate }));

/** Publishes as the lab's CRM does: a JSON text, through the sidecar at this port, without a key. */
export const connectLabCrm = (daprPort: number) => {
  const client = new DaprClient(sidecarAt(daprPort));
  return {
    publish: async (mandate: object): Promise<void> => {
      const { error } = await client.pubsub.publish('pubsub', topic, JSON.stringify(mandate));
      if (error) throw error;
    },
  };
};

/** The lab's IoT platform parses what it gets as JSON text. `anyData` is the line that it needs for our events. */
export const parseLine = {
  asInTheLab: (data: string) => JSON.parse(data),
  anyData: (data: unknown) => (typeof data === 'string' ? JSON.parse(data) : data),
};

type LabIotPlatform = {
  appId: string;
  appPort: number;
  sidecar: SidecarPorts;
  /** The folder of the components, whose scopes contain `appId`. */
  resources: string;
  /** As the lab does, it ignores that `parse` throws. */
  parse: (data: string) => { connectionId: string };
};

/** Follows the topic as the lab's IoT platform does, with the server of the SDK, and stores each mandate by its connection. */
export const startLabIotPlatform = async ({ appId, appPort, sidecar, resources, parse }: LabIotPlatform) => {
  const clientOptions = sidecarAt(sidecar.dapr);
  const server = new DaprServer({ serverHost: '127.0.0.1', serverPort: String(appPort), clientOptions });
  const client = new DaprClient(clientOptions);
  /** The data of each delivery that was handled, saved or not. */
  const received: unknown[] = [];
  await server.pubsub.subscribe('iot-platform-pubsub', topic, async (data: string) => {
    try {
      const mandate = parse(data);
      await client.state.save('statestore', [{ key: mandate.connectionId, value: mandate }]);
    } finally {
      received.push(data);
    }
  });
  // The server of the SDK has no route for the health check.
  const args = createSidecarArguments(appId, appPort, sidecar, resources, 'http').filter(
    (argument) => !argument.includes('health'),
  );
  const daprd = startProgram(await ensureDaprd(), args, {});
  await server.start();
  return {
    received,
    sidecarOutput: daprd.output,
    /** The stored mandate of a connection; empty if there is none. */
    read: (connectionId: string) => client.state.get('statestore', connectionId),
    end: async (): Promise<void> => {
      await server.stop();
      await daprd.end('SIGKILL');
    },
  };
};
