import { z } from 'zod';

const expected = '1 to 100 printable characters';
const maxLength = 100;

/** Control, format and private-use characters of the BMP. */
const invisible = String.raw`\u0000-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ue000-\uf8ff\ufeff\ufff9-\ufffb\ufffe\uffff`;

/**
 * The name of a file in the evidence of consent. A validator may compile the pattern without the flag `u`, so the pattern has neither
 * \p{C} nor a length; `refine` also refuses unprintable characters outside the BMP.
 */
export const fileNameSchema = z
  .string(expected)
  .regex(new RegExp(`^[^${invisible}]+$`), { error: expected, abort: true })
  .refine((name) => new RegExp(String.raw`^\P{C}{1,${maxLength}}$`, 'u').test(name), expected)
  .meta({ maxLength });
