import { z } from 'zod';

const expected = '1 to 255 printable ASCII characters without " and \\, in double quotes or without spaces';
const inQuotes = String.raw`"[\x20\x21\x23-\x5b\x5d-\x7e]{1,255}"`;
const bare = String.raw`[\x21\x23-\x5b\x5d-\x7e]{1,255}`;

/**
 * The caller's name for one attempt (draft-ietf-httpapi-idempotency-key-header), for the schema of an operation's headers.
 * Many callers send it without the quotes that the draft asks for: both are the same key.
 */
export const idempotencyKey = z
  .string(expected)
  .regex(new RegExp(`^(?:${inQuotes}|${bare})$`), expected)
  .transform((key) => key.replaceAll('"', ''))
  .optional()
  .meta({ description: 'A name for this one attempt, such as a UUID: the same key and body get the same answer.' });
