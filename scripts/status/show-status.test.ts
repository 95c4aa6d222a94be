import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { table } from '../../packages/cli/table.ts';
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

it('a view is a row, and each of its partitions, with the offsets that are missing counted', () => {
  expect(table([asRow('IoT platform', 'mandates', status)])).toBe(
    'service       view      state       generation               lag  freshness  dead letters\n' +
      'IoT platform  mandates  incomplete  2 in durable-statestore  3    2 s        1',
  );
  expect(table(partitionRows('mandates', status))).toBe(
    'view      partition  applied  missing  lost\n' +
      'mandates  0          9        4\n' +
      'mandates  1          3        0        log-truncated',
  );
});

it('what is not known is not shown as good', () => {
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

/** What the command does where this is the answer to /status. */
const run = async (answer: string, ...args: string[]) => {
  const server = createServer((_, res) => res.end(answer));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, isWell: showStatus(args, { views, env: { IOT_PLATFORM_URL: url }, print: () => {} }) };
};

it('an answer of another service is no status', async () => {
  const { url, isWell } = await run('{"database":"durable"}');
  await expect(isWell).rejects.toThrow(`What answers at ${url} is no IoT platform: set IOT_PLATFORM_URL.`);
});

it.each([
  ['complete', true, status.view, { warning: undefined, state: 'complete' }],
  ['incomplete', false, status.view, { warning: 'npm run rebuild' }],
  ['unknown', false, { state: 'unknown', reason: 'away' }, {}],
])('a view that is %s gives the exit code of that', async (_, expected, view, more) => {
  for (const args of [[], ['--json']]) {
    const { isWell } = await run(JSON.stringify({ ...status, view: { ...view, ...more } }), ...args);
    expect(await isWell).toBe(expected);
  }
});
