import { mandates } from '../../iot-platform/mandates/materialise.ts';
import type { LogReader } from '../../packages/projections/log-reader.ts';
import type { Mutation } from './rule-mutations.ts';

const withoutRecords = (log: LogReader): LogReader => ({
  ...log,
  read: (topic, ranges, handle, signal) =>
    log.read(topic, ranges, (batch) => handle({ ...batch, records: [] }), signal),
});

/** Defects in finding out which records are missing. */
export const gapMutations: Record<string, Mutation> = {
  'a gap is ignored': {
    subscriber: { projection: mandates, readLog: withoutRecords },
    foundBy: 'offset-gaps',
  },
  'every gap is missing': { subscriber: { projection: mandates, readLog: () => undefined }, foundBy: 'offset-gaps' },
  'committed offsets are ignored': {
    subscriber: { projection: mandates, ignoresCommitted: true },
    foundBy: 'committed-offsets',
  },
  'the beginning of the log is ignored': {
    subscriber: {
      projection: mandates,
      readLog: (log) => ({
        ...log,
        offsets: async (topic) => (await log.offsets(topic)).map((range) => ({ ...range, begin: 0 })),
      }),
    },
    foundBy: 'changed-logs',
  },
  'a replaced log is not noticed': {
    subscriber: {
      projection: mandates,
      readLog: (log) => ({
        ...log,
        read: (topic, ranges, handle, signal) =>
          log.read(
            topic,
            ranges,
            (batch) => handle({ ...batch, records: batch.records.map((one) => ({ ...one, timestamp: -1 })) }),
            signal,
          ),
      }),
    },
    foundBy: 'changed-logs',
  },
};
