import { z } from 'zod';
import { maxRevision } from './cloud-event.ts';
import { connectionIdSchema, connectionMandateSchema } from './events/connection-mandate-changed/schema.ts';

/** The CRM's mandate of one connection; "0" if the connection has no customer any more. */
export const heldMandateSchema = z
  .object({
    connectionId: connectionIdSchema,
    connectionMandate: connectionMandateSchema,
    revision: z
      .int()
      .min(0)
      .max(maxRevision)
      .meta({ description: 'The latest revision from the CRM.', examples: [1795694400123] }),
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

/** The highest revision of a republished mandate; it leaves room for later changes of the connection. */
export const maxRepublishedRevision = maxRevision - 1_000_000_000;
