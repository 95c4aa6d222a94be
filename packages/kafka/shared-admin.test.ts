import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createSharedAdmin } from './shared-admin.ts';

/** A broker that accepts connections and never answers, like a suspended one. */
const startSilentBroker = async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
};
const listTopics = (admin: { listTopics(): Promise<string[]> }) => admin.listTopics();

it('names the remedy to each caller when no broker answers', async () => {
  const admin = createSharedAdmin(['127.0.0.1:1']);
  const calls = [1, 2, 3].map(() => admin.use(listTopics));
  for (const call of calls) await expect(call).rejects.toThrow('Kafka does not answer at 127.0.0.1:1');
  admin.close();
});

it('lets the calls that wait fail with the one that the broker does not answer, and connects again for a later one', async () => {
  const { address, sockets } = await startSilentBroker();
  const admin = createSharedAdmin([address], { retries: 0, requestTimeout: 100 });
  const calls = [1, 2, 3].map(() => admin.use(listTopics));
  for (const call of calls) await expect(call).rejects.toThrow(`Kafka does not answer at ${address}`);
  expect(sockets).toHaveLength(1);
  await expect(admin.use(listTopics)).rejects.toThrow(`Kafka does not answer at ${address}`);
  expect(sockets).toHaveLength(2);
  admin.close();
});

it('refuses the calls that wait and all later ones when it is closed', async () => {
  const { address, sockets } = await startSilentBroker();
  const admin = createSharedAdmin([address], { retries: 0, requestTimeout: 100 });
  const [running, waiting] = [admin.use(listTopics), admin.use(listTopics)];
  const failed = expect(running).rejects.toThrow('Kafka does not answer');
  admin.close();
  await expect(waiting).rejects.toThrow('the service stops');
  await failed;
  await expect(admin.use(listTopics)).rejects.toThrow('the service stops');
  expect(sockets).toHaveLength(1);
});
