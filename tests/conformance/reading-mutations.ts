import type { MandateChanged } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import type { Mandate } from '../../iot-platform/mandates/mandate.ts';
import { mandates } from '../../iot-platform/mandates/materialise.ts';
import type { Projection } from '../../packages/projections/declaration.ts';
import type { Mutation } from './rule-mutations.ts';
import type { Subscriber } from './run-case.ts';

type View = Projection<MandateChanged, Mandate>;
type RecordToParse = Parameters<View['parse']>[0];

const withView = (changed: Partial<View>): Subscriber => ({ projection: { ...mandates, ...changed } });
const withParse = (parse: View['parse']): Subscriber => withView({ parse });

const isUnreadable = (record: RecordToParse) => {
  try {
    mandates.parse(record);
    return false;
  } catch {
    return true;
  }
};
const refuseIf =
  (isRefused: (content: unknown, record: RecordToParse) => boolean): View['parse'] =>
  (record) => {
    const event = mandates.parse(record);
    if (isRefused(JSON.parse(record.value.toString()), record)) throw new Error('refused by the mutation');
    return event;
  };
/** What a parser returns that takes an unreadable record for a withdrawal. */
const withdraw = (connectionId: string, { timestamp, partition = 0, offset = 0 }: RecordToParse): MandateChanged => ({
  data: { connectionId, connectionMandate: '0' },
  revision: 0,
  time: new Date(timestamp).toISOString(),
  place: [partition, offset],
});

/** Defects in reading records, and in what happens to those that cannot be read. */
export const readingMutations: Record<string, Mutation> = {
  'an unreadable record is dropped': {
    subscriber: { projection: mandates, dropsDeadLetters: true },
    foundBy: 'poison',
  },
  'an unreadable record marks nothing': {
    subscriber: withView({ keyOfUnreadable: () => undefined }),
    foundBy: 'poison',
  },
  'an unreadable record marks the connection of its key': {
    subscriber: withView({ keyOfUnreadable: ({ key }) => key }),
    foundBy: 'poison',
  },
  'an unreadable record withdraws the mandate': {
    subscriber: withParse((record) => {
      const connectionId = isUnreadable(record) ? mandates.keyOfUnreadable?.(record) : undefined;
      return connectionId === undefined ? mandates.parse(record) : withdraw(connectionId, record);
    }),
    foundBy: 'poison',
  },
  'a tombstone withdraws the mandate': {
    subscriber: withParse((record) =>
      record.value.length === 0 && record.key ? withdraw(record.key, record) : mandates.parse(record),
    ),
    foundBy: 'tombstones',
  },
  'a tombstone marks nothing': {
    subscriber: withView({
      keyOfUnreadable: (record) => (record.value.length === 0 ? undefined : mandates.keyOfUnreadable?.(record)),
    }),
    foundBy: 'tombstones',
  },
  'a payload that is encoded twice is refused': {
    subscriber: withParse(refuseIf((content) => typeof content === 'string')),
    foundBy: 'event-versions',
  },
  'a string in the envelope of Dapr is refused': {
    subscriber: withParse(refuseIf((content) => typeof (content as { data?: unknown }).data === 'string')),
    foundBy: 'event-versions',
  },
  'a bare payload is refused': {
    subscriber: withParse(refuseIf((content) => !Object.hasOwn(Object(content), 'specversion'))),
    foundBy: 'event-versions',
  },
  'numbers are refused': {
    subscriber: withParse(refuseIf((_, { value }) => /"connectionMandate":\d/.test(value.toString()))),
    foundBy: 'event-versions',
  },
  'an event under another key is refused': {
    subscriber: withParse((record) => {
      const event = mandates.parse(record);
      if (record.key !== event.data.connectionId) throw new Error('refused by the mutation');
      return event;
    }),
    foundBy: 'event-versions',
  },
  'white space of any kind and a byte order mark are removed first': {
    subscriber: withParse((record) =>
      mandates.parse({ ...record, value: Buffer.from(record.value.toString().trim()) }),
    ),
    foundBy: 'malformed',
  },
  'bytes that are not UTF-8 are replaced': {
    subscriber: withParse((record) => mandates.parse({ ...record, value: Buffer.from(record.value.toString()) })),
    foundBy: 'malformed',
  },
  'a superseded mark is forgotten': {
    subscriber: { projection: mandates, forgets: 'supersededDeadLetters' },
    foundBy: 'poison',
  },
  'a replay is forgotten': {
    subscriber: { projection: mandates, forgets: 'replayedDeadLetters' },
    foundBy: 'replays',
  },
  'a replay is ordered by its own offset': {
    subscriber: withParse(({ replayOf: _, ...record }) => mandates.parse(record)),
    foundBy: 'replays',
  },
};
