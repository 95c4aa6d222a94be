import type { Projection } from '../../../packages/projections/declaration.ts';
import type { DeliveredRecord } from '../../../packages/projections/event-bus.ts';
import type { LogReader } from '../../../packages/projections/log-reader.ts';

/** One record of the log as a line for people; `level` is what it says, or why it cannot be read. */
export type EventLine = {
  topic: string;
  partition: number;
  offset: number;
  /** When the log received it. */
  time: string;
  revision: number | '';
  level: string;
  /** Where a replayed record counts: the place of the original. */
  replayOf?: readonly [partition: number, offset: number];
};

type Change = { data: { connectionId: string; connectionMandate: string }; revision: number };

type Reader = Pick<Projection<Change, unknown>, 'parse' | 'keyOfUnreadable'>;

/** All records that concern a connection, oldest first; those that cannot be read as well. */
export const readEventsOfConnection = async (
  log: LogReader,
  { topic, ...reader }: Reader & Pick<Projection<Change, unknown>, 'topic'>,
  connectionId: string,
): Promise<EventLine[]> => {
  const found: { timestamp: number; line: EventLine }[] = [];
  const look = (record: DeliveredRecord) => {
    if (record.key !== connectionId && !record.value.includes(connectionId)) return;
    const said = read(reader, record);
    if (said.connectionId === connectionId)
      found.push({ timestamp: record.timestamp, line: asLine(topic.name, record, said) });
  };
  await log.read(topic.name, await log.offsets(topic.name), async ({ records }) => records.forEach(look));
  return found.sort((a, b) => a.timestamp - b.timestamp || inOrder(a.line, b.line)).map(({ line }) => line);
};

type Said = { connectionId: string | undefined; level: string; revision?: number };

const read = ({ parse, keyOfUnreadable }: Reader, record: DeliveredRecord): Said => {
  try {
    const { data, revision } = parse(record);
    return { connectionId: data.connectionId, level: data.connectionMandate, revision };
  } catch (error) {
    return { connectionId: keyOfUnreadable?.(record) ?? record.key, level: `dead letter: ${(error as Error).message}` };
  }
};

const asLine = (
  topic: string,
  { partition = 0, offset = 0, timestamp, replayOf }: DeliveredRecord,
  { level, revision }: Said,
): EventLine => ({
  topic,
  partition,
  offset,
  time: new Date(timestamp).toISOString(),
  revision: revision ?? '',
  level,
  ...(replayOf && { replayOf: [replayOf.partition, replayOf.offset] as const }),
});

const inOrder = (a: EventLine, b: EventLine) => a.partition - b.partition || a.offset - b.offset;
