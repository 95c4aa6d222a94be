import { z } from 'zod';

/** A text that events carry. Characters are counted as in JSON Schema and in databases: a character outside the BMP counts once. */
export const textOf = (maxLength: number, expected = `text of 1 to ${maxLength} characters`) =>
  z.string(expected).regex(new RegExp(String.raw`^[\s\S]{1,${maxLength}}$`, 'u'), expected);

/** A line that a caller sends. \p{Cc} is avoided in its pattern, because not every JSON Schema validator supports it. */
export const lineOfText = (maxLength: number) => {
  const expected = `text of 1 to ${maxLength} characters without control characters`;
  return z
    .string(expected)
    .regex(/\S/, { error: expected, abort: true })
    .regex(new RegExp(String.raw`^[^\u0000-\u001f\u007f-\u009f]{1,${maxLength}}$`, 'u'), {
      error: expected,
      abort: true,
    })
    .refine((text) => !/\p{Cs}/u.test(text), expected)
    .trim();
};
