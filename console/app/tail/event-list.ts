import type { TailRecord } from './tail-events.ts';

/** The newest records first, and what is not among them. */
export type EventList = {
  readonly records: readonly TailRecord[];
  /** How many records have arrived. */
  readonly arrived: number;
  /** How many the service has left out. */
  readonly skipped: number;
};

export const noEvents: EventList = { records: [], arrived: 0, skipped: 0 };

/** How many records a list keeps; the page does not grow with the time that it is open. */
export const longestList = 200;

export const addRecords = (list: EventList, records: readonly TailRecord[]): EventList => ({
  ...list,
  records: [...records.toReversed(), ...list.records].slice(0, longestList),
  arrived: list.arrived + records.length,
});

export const addSkipped = (list: EventList, count: number): EventList => ({ ...list, skipped: list.skipped + count });
