import type { DeliveredRecord, OutgoingEvent } from '../event-bus.ts';

const recordSetAsideType = 'utility.platform.record-set-aside.v1';

const maxValueBytes = 1024 * 1024;

/**
 * The event that reports a poison record: why, its place, and what it was, so that it can be replayed. Its id comes from
 * the record's place, so a record that is delivered or replayed twice is the same dead letter twice.
 */
export const deadLetter = (
  record: DeliveredRecord,
  reason: string,
  context: { now: Date; newId: () => string },
): OutgoingEvent => {
  const { topic, timestamp, replayOf } = record;
  const { partition, offset } = replayOf && replayOf.offset >= 0 ? replayOf : record;
  const key = record.key?.slice(0, 255) ?? '';
  const id = offset === undefined ? context.newId() : `${topic}/${partition}/${offset}`;
  return {
    id,
    key,
    value: encoded({
      specversion: '1.0',
      id,
      source: `/subscribers/${topic}`,
      type: recordSetAsideType,
      subject: key,
      time: context.now.toISOString(),
      datacontenttype: 'application/json',
      data: { reason: reason.slice(0, 1000), topic, partition, offset, timestamp, key, ...content(record.value) },
    }),
  };
};

const encoded = (event: object) => Buffer.from(JSON.stringify(event));

/** As text where people can read it, as base64 where text would lose bytes, or grow by what JSON escapes. */
const content = (bytes: Buffer) => {
  const kept = bytes.subarray(0, maxValueBytes);
  const text = kept.toString();
  const isText = Buffer.from(text).equals(kept) && JSON.stringify(text).length <= 1.5 * kept.length + 100;
  return {
    ...(isText ? { value: text } : { valueBase64: kept.toString('base64') }),
    ...(kept.length < bytes.length && { truncated: true }),
  };
};
