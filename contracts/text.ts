import { z } from 'zod';
import { findRefusedCharacter } from './refused-characters.ts';

/**
 * A text that events carry. Characters are counted as in JSON Schema and in databases: a character outside the BMP counts once. No
 * pattern counts them, because a pattern counts such a character twice without the flag `u`.
 */
export const textOf = (maxLength: number, expected = `text of 1 to ${maxLength} characters`) =>
  z
    .string(expected)
    .refine(hasUpTo(maxLength), expected)
    .refine(isWellFormed, `${expected} without halves of surrogate pairs`)
    .meta({ minLength: 1, maxLength });

const hasUpTo = (maxLength: number) => (text: string) =>
  text !== '' && (text.length <= maxLength || (text.length <= 2 * maxLength && [...text].length <= maxLength));

/** Whether the text has no half of a surrogate pair, which UTF-8 and databases cannot store. */
const isWellFormed = (text: string): boolean => !/\p{Cs}/u.test(text);

const controls = String.raw`\u0000-\u001f\u007f-\u009f`;
/** Without \p{Cc}, which means something else without the flag `u`. */
export const withoutControls = new RegExp(`^[^${controls}]*$`);

/**
 * A line that a caller sends, without the white space around it and in the composed form of Unicode (NFC).
 */
export const lineOfText = (maxLength: number) => {
  const error = expecting(`text of 1 to ${maxLength} characters without control or invisible characters`);
  return (
    z
      .string({ error })
      // The time to compose a text grows with the square of its length, so a text that is too long is not composed.
      .overwrite((text) => (text.length > 8 * maxLength ? text : composeText(text)))
      .regex(/\S/, { error, abort: true })
      .regex(withoutControls, { error, abort: true })
      .refine(hasUpTo(maxLength), { error, abort: true })
      .refine((text) => findRefusedCharacter(text) === undefined, { error })
      .meta({ minLength: 1, maxLength })
  );
};

/** The text without the white space around it, in the composed form of Unicode. Equal texts are stored as equal. */
export const composeText = (text: string): string => trimBlanks(text).normalize('NFC');

/** Removes the white space of Unicode at both ends, which includes no-break spaces and byte order marks. */
export const trimBlanks = (text: string): string => {
  const trimmed = text.trim();
  // String.trim does not remove U+0085 (next line).
  if (!trimmed.startsWith('\u0085') && !trimmed.endsWith('\u0085')) return trimmed;
  let [start, end] = [0, trimmed.length];
  while (start < end && isBlank(trimmed.charAt(start))) start++;
  while (end > start && isBlank(trimmed.charAt(end - 1))) end--;
  return trimmed.slice(start, end);
};

const isBlank = (character: string) => character === '\u0085' || character.trim() === '';

/** The error message of a schema: what was expected and, if the value contains a refused character, which one. */
export const expecting =
  (expected: string) =>
  ({ input }: { readonly input?: unknown }): string => {
    const character =
      typeof input === 'string' && input.length <= maxSearched ? findRefusedCharacter(input) : undefined;
    return character === undefined ? expected : `${expected}; it contains ${character}`;
  };

/** A longer text is wrong because of its length. */
const maxSearched = 1_000;
