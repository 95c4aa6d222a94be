import { z } from 'zod';

type Bounds = { min: number; max: number; defaultValue: number };

/** Schema of a whole number in a query, as decimal digits. `expected` is the message for invalid values. */
export const wholeNumber = (expected: string, { min, max, defaultValue }: Bounds) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^[0-9]{1,16}$/.test(text) ? Number(text) : text),
    z
      .int(expected)
      .min(min, expected)
      .max(max, expected)
      .default(defaultValue)
      .meta({ description: expected, examples: [defaultValue] }),
  );
