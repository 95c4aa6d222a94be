import { expect, it } from 'vitest';
import { table } from '../../packages/cli/table.ts';
import { asRow, partitionRows, type Status } from './show-status.ts';

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
