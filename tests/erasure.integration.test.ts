import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { dataFolder, startPlatform } from './platform-process.ts';
import { marriedName, quirine, traces } from './quirine.ts';

const folder = dataFolder();

let platform: Awaited<ReturnType<typeof startPlatform>>;
beforeAll(async () => {
  platform = await startPlatform({ DATA_DIR: folder, LOG_LEVEL: 'trace' });
});
afterAll(() => platform.end('SIGTERM'));

const send = async (method: string, path: string, body: unknown, headers: Record<string, string> = {}) => {
  const evidence = { 'mandate-changed-by': 'Quirine', 'mandate-reference': 'call of Mrs Vandenzwaluw' };
  const response = await fetch(`${platform.crm}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...evidence, ...headers },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
};

const header = 'customerId,firstName,lastName,city,connectionId,connectionMandate,email,phone';
/** Imports one row and waits for the outcome. */
const importOf = async (row: string, outcome: object, fileName = 'upload.csv') => {
  const { text } = await send('POST', `/imports?fileName=${fileName}`, `${header}\n${row}\n`, {
    'content-type': 'text/csv',
  });
  const report = async () => JSON.parse((await send('GET', `/imports/${JSON.parse(text).importId}`, undefined)).text);
  await eventually(async () => expect(await report()).toMatchObject({ state: 'finished', ...outcome }));
};

/** The person's traces in the bytes of the files whose names match. */
const tracesIn = (files: RegExp) => {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && files.test(entry.name),
  );
  expect(found).not.toEqual([]);
  const bytes = Buffer.concat(found.map((entry) => readFileSync(join(entry.parentPath, entry.name)))).toString(
    'latin1',
  );
  return traces.filter((trace) => bytes.includes(trace));
};

it('after an erasure no file of the platform contains the person’s data', async () => {
  const key = { 'idempotency-key': 'Quirine-Vandenzwaluw' };
  expect((await send('POST', '/customers', quirine, key)).status).toBe(201);
  const second = { ...quirine, connectionId: '4712', lastName: marriedName };
  expect((await send('POST', '/customers', second)).status).toBe(201);
  // Refused requests must not leave a trace either.
  expect((await send('POST', '/customers', quirine)).status).toBe(409);
  expect((await send('POST', '/customers', { ...quirine, city: '' })).status).toBe(422);
  expect((await send('POST', '/customers', '{"firstName":"Quirine')).status).toBe(400);
  expect((await send('GET', '/?customerId=Quirine', undefined)).status).toBe(404);
  expect((await send('PATCH', '/customers/9', { city: 'Venlo' }, { 'if-match': '"7"' })).status).toBe(412);
  expect((await send('PATCH', '/customers/9', { lastName: marriedName })).status).toBe(200);
  const order = { customerId: '9', productId: 'p1', quantity: 1, unitPrice: { amount: 1, currency: 'EUR' } };
  const toHer = { ...order, expectedDeliveryDate: '2026-12-24', place: 'Quirine Vandenzwaluw, Xanten' };
  expect((await send('POST', '/orders', toHer, key)).status).toBe(201);
  expect((await send('POST', '/orders', { ...toHer, quantity: 0 })).status).toBe(422);
  expect((await send('POST', '/orders', toHer, { 'actor-id': 'Quirine' })).status).toBe(400);
  expect((await send('DELETE', '/customers/10', undefined)).status).toBe(204);
  await importOf(`9,${quirine.firstName},${quirine.lastName},,4711,2,,`, { refused: 1 });
  const ada = '7000,Ada,Jansen,Delft,7000,1,,';
  await importOf(ada, { created: 1 }, `${marriedName}_${quirine.firstName}.csv`);
  await importOf('7001,Ada,Jansen,Delft,7001,x,,', { refused: 1 }, `${quirine.firstName}-${marriedName}.csv`);
  expect(tracesIn(/^crm\.sqlite/)).toEqual(traces);

  for (const customerId of ['9', '10'])
    expect((await send('POST', `/customers/${customerId}/erasure`, { customerId })).status).toBe(200);
  expect(tracesIn(/^crm\.sqlite/)).toEqual([]);
  // The embedded log and the views follow by the tombstone of the person.
  await eventually(() => expect(tracesIn(/./)).toEqual([]));
  await importOf('9,Ada,Jansen,Delft,4999,2,,', { skipped: 1, created: 0 });
  const evidence = JSON.parse((await send('GET', '/customers/7000/mandate-history', undefined)).text);
  expect(evidence.items).toMatchObject([{ reference: expect.stringMatching(/^erased sha256:[0-9a-f]{16}$/) }]);
  const { text } = await send('GET', '/customers/9/export', undefined);
  expect(traces.filter((trace) => text.includes(trace))).toEqual([]);
  expect(JSON.parse(text)).toMatchObject({ mandateHistory: [{}, {}], orders: [{ customerId: '9', place: null }] });
  expect(traces.filter((trace) => platform.output().includes(trace))).toEqual([]);
  expect(platform.output()).toContain('"route":"/customers/:customerId/erasure"');
});
