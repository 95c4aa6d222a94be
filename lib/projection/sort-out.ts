import type { DeliveredRecord } from '../event-bus.ts';
import type { Projection } from './declaration.ts';

/** A record that can never be applied, and why. */
export type Poison = { readonly record: DeliveredRecord; readonly reason: string };

/** Parts the records that are events from those that can never be applied. */
export const sortOut = <Event, Document>({ parse }: Projection<Event, Document>, batch: readonly DeliveredRecord[]) => {
  const events: Event[] = [];
  const poison: Poison[] = [];
  for (const record of batch) {
    try {
      events.push(parse(record));
    } catch (error) {
      poison.push({ record, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { events, poison };
};
