import { z } from 'zod';
import type { Evidence } from './mandate-changes.ts';

const text = '1 to 100 printable ASCII characters';
const textSchema = z
  .string(text)
  .regex(/^[\x20-\x7e]{1,100}$/, text)
  .optional();

/** The channel is one of a fixed list, so that it cannot name a person. */
const channels = ['api', 'app', 'csv-import', 'email', 'in-person', 'letter', 'phone', 'web'] as const;

/** The evidence of consent is sent in headers, because the request body must stay the one of the original lab. */
export const evidenceHeaders = {
  'Mandate-Changed-By': textSchema.meta({ description: 'Who changes the mandate.', examples: ['clerk 12'] }),
  'Mandate-Channel': z
    .enum(channels, `one of ${channels.join(', ')}`)
    .default('api')
    .meta({ description: 'The channel by which the customer changed the mandate.', examples: ['api'] }),
  'Mandate-Reference': textSchema.meta({ description: 'Where the consent is recorded.', examples: ['call 4711'] }),
};

export type EvidenceHeaders = z.output<z.ZodObject<typeof evidenceHeaders>>;

export const evidenceOf = (headers: EvidenceHeaders): Evidence => ({
  changedBy: headers['Mandate-Changed-By'] ?? null,
  channel: headers['Mandate-Channel'],
  reference: headers['Mandate-Reference'] ?? null,
});
