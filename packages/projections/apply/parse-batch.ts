import { createYielder } from '../../runtime/yield-to-event-loop.ts';
import type { Projection } from '../declaration.ts';
import type { DeliveredRecord } from '../event-bus.ts';

/** A record that can never be applied, and why. */
export type PoisonRecord = { readonly record: DeliveredRecord; readonly reason: string };

/** What a record does to one document; without an event it cannot be read, and the document may be out of date. */
export type Step<Event> = { readonly record: DeliveredRecord; readonly event: Event | undefined };

export type ParsedBatch<Event> = {
  readonly records: readonly DeliveredRecord[];
  readonly events: readonly Event[];
  readonly poison: readonly PoisonRecord[];
  /** In the order of the batch. A record that cannot be read is there where it names a document all the same. */
  readonly byKey: ReadonlyMap<string, readonly Step<Event>[]>;
};

/** To say why a record is refused takes up to 50 µs, so a batch of bad ones would keep everything else waiting. */
const turnMs = 25;

/** Parses the records, and sorts out those that can never be applied. */
export const parseBatch = async <Event, Document>(
  { parse, key, keyOfUnreadable }: Projection<Event, Document>,
  batch: readonly DeliveredRecord[],
): Promise<ParsedBatch<Event>> => {
  const events: Event[] = [];
  const poison: PoisonRecord[] = [];
  const byKey = new Map<string, Step<Event>[]>();
  const add = (of: string, step: Step<Event>) => {
    const steps = byKey.get(of);
    if (steps) steps.push(step);
    else byKey.set(of, [step]);
  };
  const turn = createYielder(turnMs);
  for (const record of batch) {
    await turn();
    let event: Event;
    try {
      event = parse(record);
    } catch (error) {
      poison.push({ record, reason: error instanceof Error ? error.message : String(error) });
      const named = keyOfUnreadable?.(record);
      if (named !== undefined) add(named, { record, event: undefined });
      continue;
    }
    events.push(event);
    add(key(event), { record, event });
  }
  return { records: batch, events, poison, byKey };
};
