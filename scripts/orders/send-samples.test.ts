import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { readArguments } from './arguments.ts';
import { createSample } from './create-sample.ts';
import { sendSamples } from './send-samples.ts';

type Sent = { key: string; body: object };

/** Starts a CRM that answers each order with the status and problem code that `answer` returns. */
const startCrm = async (answer: (sent: Sent, nth: number) => [status: number, code?: string]) => {
  const sent: Sent[] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  const server = createServer((req, res) => {
    maxInFlight = Math.max(maxInFlight, ++inFlight);
    const chunks: Buffer[] = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      const order = { key: String(req.headers['idempotency-key']), body };
      sent.push(order);
      const [status, code] = answer(order, sent.length);
      inFlight--;
      res.writeHead(status).end(JSON.stringify({ type: `urn:problem:${code}`, detail: `because of ${code}` }));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { crm: { name: 'CRM', url, remedy: 'start it.' }, sent, maxInFlight: () => maxInFlight };
};

const plan = { count: 50, rate: undefined, seed: 7, customerIds: ['1', '2', '3'], onProgress: () => {} };

it('sends each order of the seed once, a bounded number at a time', async () => {
  const { crm, sent, maxInFlight } = await startCrm(() => [201]);
  const progress: number[] = [];
  expect(await sendSamples(crm, { ...plan, onProgress: (done) => progress.push(done) })).toEqual({
    created: 50,
    different: 0,
  });
  const expected = Array.from({ length: 50 }, (_, n) => createSample(7, n, plan.customerIds));
  expect(sent.sort((a, b) => a.key.localeCompare(b.key))).toEqual(expected.sort((a, b) => a.key.localeCompare(b.key)));
  expect(maxInFlight()).toBeLessThanOrEqual(16);
  expect(progress).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
});

it('sends an order again while the CRM is busy', async () => {
  const { crm, sent } = await startCrm((_, nth) => (nth === 1 ? [503, 'database-busy'] : nth === 2 ? [429] : [201]));
  expect(await sendSamples(crm, { ...plan, count: 1 })).toEqual({ created: 1, different: 0 });
  expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
  expect(sent).toHaveLength(3);
});

it('counts orders that an earlier run created for other customers', async () => {
  const { crm } = await startCrm(({ key }) => (key.endsWith('-3') ? [422, 'key-reused'] : [201]));
  expect(await sendSamples(crm, plan)).toEqual({ created: 49, different: 1 });
});

it('stops at the first refusal, and says how to continue', async () => {
  const { crm, sent } = await startCrm(({ key }) => (key.endsWith('-3') ? [404, 'customer-unknown'] : [201]));
  await expect(sendSamples(crm, { ...plan, count: 10_000 })).rejects.toThrow(
    /^The CRM refuses order 4: because of customer-unknown\n.*To continue: npm run orders -- generate 10000 --seed 7$/,
  );
  expect(sent.length).toBeLessThan(100);
});

it('starts each order at its time at the given rate', async () => {
  const { crm } = await startCrm(() => [201]);
  const pauses: number[] = [];
  const sleep = async (ms: number) => void pauses.push(ms);
  await sendSamples(crm, { ...plan, count: 5, rate: 50 }, { clock: () => 1_000, sleep });
  expect(pauses).toEqual([20, 40, 60, 80]);
});

it('samples differ by seed and number, and are valid for the given customers only', () => {
  const keys = [createSample(1, 1, ['1']), createSample(1, 2, ['1']), createSample(2, 1, ['1'])].map(({ key }) => key);
  expect(new Set(keys).size).toBe(3);
  const ofTwo = new Set(Array.from({ length: 50 }, (_, n) => createSample(1, n, ['8', '9']).body.customerId));
  expect([...ofTwo].sort()).toEqual(['8', '9']);
});

it.each([
  [['generate']],
  [['create', '5']],
  [['generate', '5', '6']],
  [['generate', '0']],
  [['generate', 'x']],
  [['generate', '5', '--rate', '0']],
  [['generate', '5', '--seed', '-1']],
])('refuses the arguments %j', (args) => expect(() => readArguments(args)).toThrow());

it('chooses a new seed unless one is given', () => {
  expect(readArguments(['generate', '5', '--seed', '0'])).toMatchObject({ count: 5, seed: 0, rate: undefined });
  const seeds = [1, 2, 3].map(() => readArguments(['generate', '5'])?.seed);
  expect(new Set(seeds).size).toBeGreaterThan(1);
});
