import { expect, it } from 'vitest';
import { addRecords, addSkipped, longestList, noEvents } from './event-list.ts';
import type { TailRecord } from './tail-events.ts';

const record = (offset: number): TailRecord => ({
  topic: 't',
  partition: 0,
  offset,
  timestamp: '',
  key: null,
  type: null,
  revision: null,
  isTombstone: false,
  value: null,
  isWithheld: false,
});

it('shows the newest record first, and counts all', () => {
  const list = addRecords(addRecords(noEvents, [record(0), record(1)]), [record(2)]);
  expect(list.records.map(({ offset }) => offset)).toEqual([2, 1, 0]);
  expect(addSkipped(addSkipped(list, 5), 2)).toMatchObject({ arrived: 3, skipped: 7 });
});

it('keeps a limited number of records', () => {
  let list = noEvents;
  for (let offset = 0; offset < 3 * longestList; offset += 50)
    list = addRecords(
      list,
      Array.from({ length: 50 }, (_, n) => record(offset + n)),
    );
  expect(list.records).toHaveLength(longestList);
  expect(list.records[0]?.offset).toBe(3 * longestList - 1);
  expect(list.arrived).toBe(3 * longestList);
});
