import type { DeliveredRecord, OutgoingEvent } from '../event-bus.ts';

/**
 * A record that can never be applied, and the reason. `withheld` is set on a topic with personal data: of the record, the
 * dead letter holds only this key.
 */
export type PoisonRecord = {
  readonly record: DeliveredRecord;
  readonly reason: string;
  readonly withheld?: { readonly key: string };
};

const deadLetterType = 'utility.platform.record-set-aside.v1';

const maxValueBytes = 1024 * 1024;

/**
 * Creates the event that reports a poison record: the reason, its place, and its content for a replay unless
 * that is withheld. The id is the place of the record, so a record that is delivered or replayed twice leads to the same
 * dead letter.
 */
export const createDeadLetter = (
  { record, reason, withheld }: PoisonRecord,
  context: { now: Date; newId: () => string },
): OutgoingEvent => {
  const { topic, timestamp, replayOf } = record;
  const { partition, offset } = replayOf && replayOf.offset >= 0 ? replayOf : record;
  const key = (withheld ? withheld.key : (record.key ?? '')).slice(0, 255);
  const content = withheld ? { withheld: true } : encodeContent(record.value);
  const id = offset === undefined ? context.newId() : `${topic}/${partition}/${offset}`;
  return {
    id,
    key,
    value: encodeJson({
      specversion: '1.0',
      id,
      source: `/subscribers/${topic}`,
      type: deadLetterType,
      subject: key,
      time: context.now.toISOString(),
      datacontenttype: 'application/json',
      data: { reason: reason.slice(0, 1000), topic, partition, offset, timestamp, key, ...content },
    }),
  };
};

const encodeJson = (event: object) => Buffer.from(JSON.stringify(event));

/** As text, or as base64 where text would lose bytes or grow much by escaping. */
const encodeContent = (bytes: Buffer) => {
  const kept = bytes.subarray(0, maxValueBytes);
  const text = kept.toString();
  const isText = Buffer.from(text).equals(kept) && JSON.stringify(text).length <= 1.5 * kept.length + 100;
  return {
    ...(isText ? { value: text } : { valueBase64: kept.toString('base64') }),
    ...(kept.length < bytes.length && { truncated: true }),
  };
};
