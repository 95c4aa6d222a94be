import { randomUUID } from 'node:crypto';
import { mandatesEncoding } from '../../../contracts/mandates-encoding.ts';
import { topics } from '../../../contracts/topics.ts';
import { parseKafkaBrokers } from '../../../packages/kafka/client.ts';
import { type BlockedPartition, findBlockedPartitions } from '../find-blocked-partitions.ts';
import { type Finding, ok, problem } from '../finding.ts';
import { createCheck } from '../run-checks.ts';

const { name: topic, codec } = topics.connectionMandates;

/** Undefined without Avro: our services and other subscribers then get every record. */
export const assessBlockedPartitions = (blocked: readonly BlockedPartition[] | undefined): readonly Finding[] => {
  if (!blocked) return [ok('the mandates are in JSON, which no sidecar translates')];
  if (blocked.length === 0) return [ok(`no consumer group of ${topic} waits at a record that is not Avro`)];
  return blocked.map(({ group, partition, offset, reason, ...place }) =>
    problem(
      `the consumer group ${group} does not get past ${place.topic}/${partition}/${offset}, because this record is ${reason}`,
      `stop every member of ${group}, then npm run consumer-group -- reset --group ${group} --topic ${place.topic} --to ${partition}:${offset + 1}`,
    ),
  );
};

export const blockedPartitions = createCheck(
  { name: 'blocked partitions', remedy: 'npm run stack -- up kafka schema-registry' },
  async ({ env }) => {
    if (mandatesEncoding !== 'avro') return undefined;
    return findBlockedPartitions(parseKafkaBrokers(env), { topic, codec, newId: randomUUID });
  },
  assessBlockedPartitions,
);
