import { z } from 'zod';
import { maxRevision } from './cloud-event.ts';
import { connectionIdSchema, connectionMandateSchema } from './events/connection-mandate-changed/schema.ts';

/** The mandate of one connection as the CRM holds it; mandate "0" where the connection was given up. */
export const heldMandateSchema = z
  .object({
    connectionId: connectionIdSchema,
    connectionMandate: connectionMandateSchema,
    revision: z.int().min(0).max(maxRevision).meta({ description: 'The revision that the CRM gave last.' }),
    changedAt: z.iso.datetime(),
  })
  .meta({ id: 'HeldMandate' });
export type HeldMandate = z.infer<typeof heldMandateSchema>;

/** A page of `GET /mandates` of the CRM. */
export const mandatesPageSchema = z.object({
  items: z.array(heldMandateSchema),
  next: z.string().nullable().meta({ description: 'The path of the next page; null on the last.' }),
});
export type MandatesPage = z.infer<typeof mandatesPageSchema>;

/** The highest revision under which a mandate is published again; it leaves each connection room for changes above it. */
export const maxRepublishedRevision = maxRevision - 1_000_000_000;
