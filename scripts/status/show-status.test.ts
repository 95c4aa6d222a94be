import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { formatTable } from '../../packages/cli/table.ts';
import { views } from '../views.ts';
import { asRow, partitionRows, type Status, showStatus } from './show-status.ts';

const status: Status = {
  store: 'statestore',
  consumerGroup: 'iot-platform-consumer',
  view: {
    state: 'incomplete',
    generation: { number: 2, store: 'durable-statestore' },
    partitions: {
      0: {
        applied: 9,
        missing: [
          [2, 4],
          [7, 7],
        ],
      },
      1: { applied: 3, missing: [], lost: 'log-truncated' },
    },
    deadLetters: 1,
  },
  sinceStart: {},
  lag: 3,
  freshnessSeconds: 1.6,
};

it('shows a row for each view and for each partition, with the number of missing offsets', () => {
  expect(formatTable([asRow('IoT platform', 'mandates', status)])).toBe(
    'service       view      state       generation               lag  freshness  dead letters\n' +
      'IoT platform  mandates  incomplete  2 in durable-statestore  3    2 s        1',
  );
  expect(formatTable(partitionRows('mandates', status))).toBe(
    'view      partition  applied  missing  lost\n' +
      'mandates  0          9        4\n' +
      'mandates  1          3        0        log-truncated',
  );
});

it('shows unknown values as unknown', () => {
  const away: Status = { ...status, view: { state: 'unknown', reason: 'away' } };
  const { lag: _, freshnessSeconds: __, ...unknown } = away;
  expect(asRow('IoT platform', 'mandates', unknown)).toMatchObject({
    state: 'unknown',
    generation: '',
    lag: 'unknown',
    freshness: 'unknown',
  });
  expect(partitionRows('mandates', unknown)).toEqual([]);
});

/** Starts a server that gives this answer to /status. @returns its URL */
const serve = async (answer: string) => {
  const server = createServer((_, res) => res.end(answer));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
/** Runs the command with the addresses of the services. */
const run = async (urls: { iotPlatform: string; customerView: string }, ...args: string[]) => {
  const lines: string[] = [];
  const env = { IOT_PLATFORM_URL: urls.iotPlatform, CUSTOMER_VIEW_URL: urls.customerView };
  const isReliable = await showStatus(args, { views, env, print: (line) => lines.push(line) });
  return { isReliable, printed: lines.join('\n') };
};
const complete = { ...status, view: { ...status.view, state: 'complete' } };
const nowhere = 'http://127.0.0.1:9';

it('refuses the answer of another service', async () => {
  const other = await serve('{"database":"durable"}');
  await expect(run({ iotPlatform: other, customerView: other })).rejects.toThrow(
    `The server at ${other} is not the IoT platform: set IOT_PLATFORM_URL to its address.`,
  );
});

it.each([
  ['complete', true, complete.view, { warning: undefined }],
  ['incomplete', false, status.view, { warning: 'npm run rebuild' }],
  ['unknown', false, { state: 'unknown', reason: 'away' }, {}],
])('reports a view that is %s by the exit code', async (_, expected, view, more) => {
  const iotPlatform = await serve(JSON.stringify({ ...status, view: { ...view, ...more } }));
  const customerView = await serve(JSON.stringify(complete));
  for (const args of [[], ['--json'], ['--view', 'mandates']])
    expect(await run({ iotPlatform, customerView }, ...args)).toMatchObject({ isReliable: expected });
});

it('shows the views of all services, and names a service that does not answer', async () => {
  const iotPlatform = await serve(JSON.stringify(complete));
  const both = await run({ iotPlatform, customerView: await serve(JSON.stringify(complete)) });
  expect(both.printed).toMatch(/^IoT platform +mandates +complete/m);
  expect(both.printed).toMatch(/^customer-view +greetings +complete/m);
  const one = await run({ iotPlatform, customerView: nowhere });
  expect(one.printed).toMatch(/^IoT platform +mandates +complete/m);
  expect(one.printed.match(/The customer-view does not answer at http:\/\/127.0.0.1:9 /g)).toHaveLength(1);
  expect(one.isReliable).toBe(false);
  await expect(run({ iotPlatform, customerView: nowhere }, '--json')).rejects.toThrow('The customer-view does not');
});
