import { z } from 'zod';

type Bounds = { min: number; max: number; otherwise: number };

/** A whole number in a query, in decimal digits; `otherwise` where it is left out. `expected` says what is wanted. */
export const wholeNumber = (expected: string, { min, max, otherwise }: Bounds) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^[0-9]{1,16}$/.test(text) ? Number(text) : text),
    z.int(expected).min(min, expected).max(max, expected).default(otherwise).meta({ description: expected }),
  );
