import { z } from 'zod';

const expected = '1 to 255 printable ASCII characters without " and \\, in double quotes or without spaces';
const inQuotes = String.raw`"[\x20\x21\x23-\x5b\x5d-\x7e]{1,255}"`;
const bare = String.raw`[\x21\x23-\x5b\x5d-\x7e]{1,255}`;

/**
 * Schema of the Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header). Many clients omit the quotes that the draft
 * requires; with and without quotes it is the same key.
 */
export const idempotencyKey = z
  .string(expected)
  .regex(new RegExp(`^(?:${inQuotes}|${bare})$`), expected)
  .transform((key) => key.replaceAll('"', ''))
  .optional()
  .meta({
    description: 'A unique key for this request, such as a UUID: the same key and body get the same response.',
    examples: ['8e03978e-40d5-43dd-bc93-6894a57f9324'],
  });
