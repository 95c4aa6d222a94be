import { createMandateChangedEvent, mandateLevels } from '../contracts/events/connection-mandate-changed/schema.ts';

/** The changes of a benchmark, the same for the same seed. With as many keys as events all keys are distinct. */
export type Work = { readonly seed: number; readonly events: number; readonly keys: number };

export type Change = { connectionId: string; connectionMandate: string; revision: number };

const levels = Object.values(mandateLevels);
const firstRevision = Date.UTC(2026, 0, 1);
const firstConnection = 1_000_000;

/** The id of the n-th connection. */
export const connectionOf = (n: number): string => String(firstConnection + n);

/** Creates the i-th change. */
export const createChange = ({ seed, events, keys }: Work, i: number) => {
  const number = keys === events ? i : scramble(seed, i) % keys;
  return {
    connectionId: connectionOf(number),
    connectionMandate: levels[scramble(seed + 1, i) % levels.length] as (typeof levels)[number],
    revision: firstRevision + i,
  };
};

/** Creates the Kafka message of the i-th change: the CloudEvent as the CRM publishes it, in the partition that Dapr chooses for its key. */
export const createMessage = (work: Work, i: number, partitions: number) => {
  const { revision, ...data } = createChange(work, i);
  const hex = (salt: number, digits: number) =>
    scramble(work.seed + salt, i)
      .toString(16)
      .padStart(digits, '0');
  const event = createMandateChangedEvent(data, {
    id: `00000000-0000-4000-8000-${hex(2, 12)}`,
    revision,
    time: new Date(revision),
    traceparent: `00-${hex(3, 32)}-${hex(4, 16)}-01`,
  });
  const key = data.connectionId;
  return { key, value: JSON.stringify(event), partition: partitionOf(key, partitions) };
};

/** The last change of each key, which each view must show at the end. */
export const lastChanges = (work: Work): Map<string, Change> => {
  const last = new Map<string, Change>();
  for (let i = 0; i < work.events; i++) {
    const change = createChange(work, i);
    last.set(change.connectionId, change);
  }
  return last;
};

/** The murmur3 finalizer: 32 well-mixed bits of a seed and an index. */
export const scramble = (seed: number, index: number): number => {
  let bits = (Math.imul(seed, 0x9e3779b1) ^ index) >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
};

/** The hash partitioner of the sidecar's Kafka client: FNV-1a of the key. */
export const partitionOf = (key: string, partitions: number): number => {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, 0x01000193);
  return Math.abs((hash | 0) % partitions);
};
