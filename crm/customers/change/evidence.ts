import { z } from 'zod';
import type { Evidence } from './append-mandate-events.ts';

const text = '1 to 100 printable ASCII characters';
const textSchema = z
  .string(text)
  .regex(/^[\x20-\x7e]{1,100}$/, text)
  .optional();

/** A closed list, so that a channel cannot name a person. */
const channels = ['api', 'app', 'csv-import', 'email', 'in-person', 'letter', 'phone', 'web'] as const;

/** Who changes a mandate, by which channel, and where the consent is kept: headers, for the lab's body stays as it is. */
export const evidenceHeaders = {
  'Mandate-Changed-By': textSchema.describe('Who changes the mandate.'),
  'Mandate-Channel': z
    .enum(channels, `one of ${channels.join(', ')}`)
    .default('api')
    .describe('By which channel the mandate is changed.'),
  'Mandate-Reference': textSchema.describe('Where the consent is written down or recorded.'),
};

export type EvidenceHeaders = z.output<z.ZodObject<typeof evidenceHeaders>>;

export const evidenceOf = (headers: EvidenceHeaders): Evidence => ({
  changedBy: headers['Mandate-Changed-By'] ?? null,
  channel: headers['Mandate-Channel'],
  reference: headers['Mandate-Reference'] ?? null,
});
