import { z } from 'zod';

/**
 * A string of 1 to `maxLength` characters. They are counted as in JSON Schema and in databases: a character outside the BMP counts once.
 * The JSON Schema has the length as `maxLength`, because a pattern counts such a character twice without the flag `u`.
 */
const countedText = (maxLength: number, expected: string) =>
  z
    .string(expected)
    .refine((text) => text !== '' && hasAtMost(maxLength, text), { error: expected, abort: true })
    .meta({ minLength: 1, maxLength });

const hasAtMost = (maxLength: number, text: string): boolean =>
  text.length <= maxLength || (text.length <= 2 * maxLength && [...text].length <= maxLength);

/** A text that events carry. */
export const textOf = (maxLength: number, expected = `text of 1 to ${maxLength} characters`) =>
  countedText(maxLength, expected);

const controls = String.raw`\u0000-\u001f\u007f-\u009f`;

/** A line that a caller sends. Its patterns avoid \p{Cc}, which means something else without the flag `u`. */
export const lineOfText = (maxLength: number) => {
  const expected = `text of 1 to ${maxLength} characters without control characters`;
  return countedText(maxLength, expected)
    .regex(/\S/, { error: expected, abort: true })
    .regex(new RegExp(`^[^${controls}]*$`), { error: expected, abort: true })
    .refine((text) => !/\p{Cs}/u.test(text), expected)
    .trim();
};
