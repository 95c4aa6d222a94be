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

/** Runs the command against a server that gives this answer to /status. */
const run = async (answer: string, ...args: string[]) => {
  const server = createServer((_, res) => res.end(answer));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, isReliable: showStatus(args, { views, env: { IOT_PLATFORM_URL: url }, print: () => {} }) };
};

it('refuses the answer of another service', async () => {
  const { url, isReliable } = await run('{"database":"durable"}');
  await expect(isReliable).rejects.toThrow(
    `The server at ${url} is not the IoT platform: set IOT_PLATFORM_URL to its address.`,
  );
});

it.each([
  ['complete', true, status.view, { warning: undefined, state: 'complete' }],
  ['incomplete', false, status.view, { warning: 'npm run rebuild' }],
  ['unknown', false, { state: 'unknown', reason: 'away' }, {}],
])('reports a view that is %s by the exit code', async (_, expected, view, more) => {
  for (const args of [[], ['--json']]) {
    const { isReliable } = await run(JSON.stringify({ ...status, view: { ...view, ...more } }), ...args);
    expect(await isReliable).toBe(expected);
  }
});
