import { expect, it } from 'vitest';
import { assessBlockedPartitions } from './blocked-partitions.ts';

it('is fine while the mandates are in JSON', () =>
  expect(assessBlockedPartitions(undefined)).toMatchObject([
    { status: 'ok', message: expect.stringContaining('JSON') },
  ]));

it('is fine where no group waits', () => expect(assessBlockedPartitions([])).toMatchObject([{ status: 'ok' }]));

it('names group, topic, partition, offset and the command that gets past it', () => {
  const place = { group: 'billing', topic: 'mandates', partition: 2, offset: 17 };
  expect(assessBlockedPartitions([{ ...place, reason: 'not Avro' }])).toEqual([
    {
      status: 'problem',
      message: 'the consumer group billing does not get past mandates/2/17, because this record is not Avro',
      remedy:
        'stop every member of billing, then npm run consumer-group -- reset --group billing --topic mandates --to 2:18',
    },
  ]);
});
