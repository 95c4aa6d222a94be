import { CommunicationProtocolEnum, DaprClient, DaprServer } from '@dapr/dapr';
import { measureRun } from './run.ts';

// The subscriber of the Dapr lab without its defects: one event at a time, whose save is awaited.
const [appPort = '', daprPort = '', topic = '', events = ''] = process.argv.slice(2);
const sidecar = { daprHost: '127.0.0.1', daprPort, communicationProtocol: CommunicationProtocolEnum.HTTP };
const server = new DaprServer({ serverHost: '127.0.0.1', serverPort: appPort, clientOptions: sidecar });
const client = new DaprClient(sidecar);
const progress = measureRun(Number(events));

await server.pubsub.subscribe('iot-platform-pubsub', topic, async (data: { connectionId: string }) => {
  progress(0);
  const saved = await client.state.save('statestore', [{ key: data.connectionId, value: data }]);
  if (saved.error) throw saved.error;
  progress(1);
});
await server.start();
