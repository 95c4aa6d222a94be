import { z } from 'zod';
import { wholeNumber } from '../../packages/http/whole-number.ts';
import { type Cursor, cursorFormat, cursorPattern, writeCursor } from './cursor.ts';

/** The query parameters of a list, with a cursor of it as the example. */
export const createPageParameters = (list: string, exampleCursor: Cursor) => ({
  limit: wholeNumber('a whole number from 1 to 1000', { min: 1, max: 1000, defaultValue: 100 }),
  after: z
    .string(cursorFormat)
    .regex(cursorPattern, cursorFormat)
    .optional()
    .meta({ description: cursorFormat, examples: [writeCursor(list, exampleCursor)] }),
});

/** The schema of a page. */
export const createPageSchema = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().meta({ description: 'The path of the next page; null on the last one.' }),
    unreadable: z.int().min(0).optional().meta({
      description:
        'How many documents may be missing here or out of date, because a record about each is dead-lettered. Absent if there are none.',
    }),
  });

type Parameters = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** The path of the next page: the same query after the cursor. */
export const createNextPath = (path: string, parameters: Parameters, after: string | undefined): string | null => {
  if (after === undefined) return null;
  const given = Object.entries({ ...parameters, after }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return `${path}?${new URLSearchParams(given)}`;
};
