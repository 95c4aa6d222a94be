import { createYielder } from '../../runtime/yield-to-event-loop.ts';
import type { PoisonRecord } from '../dead-letters/dead-letter.ts';
import type { Projection } from '../declaration.ts';
import type { DeliveredRecord } from '../event-bus.ts';

/** Replaces a reason on a topic with personal data, because a reason may quote the record. */
const withheldReason = 'not a valid event; what it holds is withheld, because the topic has personal data';

/** A record about one document. `event` is undefined if the record could not be read; the document may be out of date. */
export type ParsedRecord<Event> = { readonly record: DeliveredRecord; readonly event: Event | undefined };

export type ParsedBatch<Event> = {
  readonly records: readonly DeliveredRecord[];
  readonly events: readonly Event[];
  readonly poison: readonly PoisonRecord[];
  /**
   * The records of each document, in the order of the batch. An unreadable record is included where its document is
   * known.
   */
  readonly byKey: ReadonlyMap<string, readonly ParsedRecord<Event>[]>;
};

/**
 * Describing why a record is invalid takes up to 50 µs, so a batch of poison records has to yield to the event loop.
 */
const turnMs = 25;

/** Parses a batch and separates the poison records. @throws Error when the projection cannot prepare: nothing is poison */
export const parseBatch = async <Event, Document>(
  { topic, prepare, parse, key, keyOfUnreadable }: Projection<Event, Document>,
  batch: readonly DeliveredRecord[],
): Promise<ParsedBatch<Event>> => {
  if (prepare) await prepare(batch);
  const events: Event[] = [];
  const poison: PoisonRecord[] = [];
  const byKey = new Map<string, ParsedRecord<Event>[]>();
  const add = (key: string, parsed: ParsedRecord<Event>) => {
    const records = byKey.get(key);
    if (records) records.push(parsed);
    else byKey.set(key, [parsed]);
  };
  const yieldWhenDue = createYielder(turnMs);
  for (const record of batch) {
    const yielded = yieldWhenDue();
    if (yielded) await yielded;
    let event: Event;
    try {
      event = parse(record);
    } catch (error) {
      const documentKey = keyOfUnreadable?.(record);
      const reason = error instanceof Error ? error.message : String(error);
      // A key that names no document may be a name.
      if (topic.isPersonal) poison.push({ record, reason: withheldReason, withheld: { key: documentKey ?? '' } });
      else poison.push({ record, reason });
      if (documentKey !== undefined) add(documentKey, { record, event: undefined });
      continue;
    }
    events.push(event);
    add(key(event), { record, event });
  }
  return { records: batch, events, poison, byKey };
};
