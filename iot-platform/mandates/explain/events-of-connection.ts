import type { Projection } from '../../../packages/projections/declaration.ts';
import type { DeliveredRecord } from '../../../packages/projections/event-bus.ts';
import type { LogReader } from '../../../packages/projections/log-reader.ts';

/** One record of the log as a line for the operator; `level` is its mandate, or why it cannot be read. */
export type EventLine = {
  topic: string;
  partition: number;
  offset: number;
  /** The time at which the log received it. */
  time: string;
  revision: number | '';
  level: string;
  /** For a replayed record, the place of the original, by which it is ordered. */
  replayOf?: readonly [partition: number, offset: number];
};

type Change = { data: { connectionId: string; connectionMandate: string }; revision: number };

type Reader = Pick<Projection<Change, unknown>, 'prepare' | 'parse' | 'keyOfUnreadable'>;

/** Reads all records about a connection, oldest first, including unreadable ones. */
export const readEventsOfConnection = async (
  log: LogReader,
  { topic, ...reader }: Reader & Pick<Projection<Change, unknown>, 'topic'>,
  connectionId: string,
): Promise<EventLine[]> => {
  const found: { timestamp: number; line: EventLine }[] = [];
  const collect = (record: DeliveredRecord) => {
    if (record.key !== connectionId && !record.value.includes(connectionId)) return;
    const content = parseContent(reader, record);
    if (content.connectionId === connectionId)
      found.push({ timestamp: record.timestamp, line: toLine(topic.name, record, content) });
  };
  await log.read(topic.name, await log.offsets(topic.name), async ({ records }) => {
    await reader.prepare?.(records);
    records.forEach(collect);
  });
  return found.sort((a, b) => a.timestamp - b.timestamp || compareLines(a.line, b.line)).map(({ line }) => line);
};

type RecordContent = { connectionId: string | undefined; level: string; revision?: number };

const parseContent = ({ parse, keyOfUnreadable }: Reader, record: DeliveredRecord): RecordContent => {
  try {
    const { data, revision } = parse(record);
    return { connectionId: data.connectionId, level: data.connectionMandate, revision };
  } catch (error) {
    return { connectionId: keyOfUnreadable?.(record) ?? record.key, level: `dead letter: ${(error as Error).message}` };
  }
};

const toLine = (
  topic: string,
  { partition = 0, offset = 0, timestamp, replayOf }: DeliveredRecord,
  { level, revision }: RecordContent,
): EventLine => ({
  topic,
  partition,
  offset,
  time: new Date(timestamp).toISOString(),
  revision: revision ?? '',
  level,
  ...(replayOf && { replayOf: [replayOf.partition, replayOf.offset] as const }),
});

const compareLines = (a: EventLine, b: EventLine) => a.partition - b.partition || a.offset - b.offset;
