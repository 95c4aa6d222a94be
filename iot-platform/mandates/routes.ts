import { z } from 'zod';
import {
  connectionIdSchema,
  connectionMandateSchema,
} from '../../contracts/events/connection-mandate-changed/schema.ts';
import { databaseErrorCodes } from '../../packages/database/database-error.ts';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import { wholeNumber } from '../../packages/http/whole-number.ts';
import { waitForVersion } from '../../packages/platform/wait-for-version.ts';
import type { View } from '../../packages/projections/view.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import { type Mandate, revisionOf } from './mandate.ts';

const revisionFormat = 'a revision, as in the CRM’s response header Mandate-Revision';
const waitFormat = 'milliseconds to wait, 0 to 30000';
/** A client that must not read an older mandate passes its revision, and waits until the view has it. */
const freshness = {
  minRevision: wholeNumber(revisionFormat, { min: 0, max: Number.MAX_SAFE_INTEGER, defaultValue: 0 }),
  waitMs: wholeNumber(waitFormat, { min: 0, max: 30_000, defaultValue: 0 }),
};

const legacyMandateSchema = z
  .object({ connectionId: connectionIdSchema, connectionMandate: connectionMandateSchema })
  .meta({ id: 'LabMandate' });
const mandateSchema = z
  .object({
    ...legacyMandateSchema.shape,
    revision: z.int().meta({
      description:
        'Grows with each change of this connection’s mandate; 0 when there were only payloads without a revision.',
      examples: [1795694400123],
    }),
    changedAt: z.iso.datetime({ offset: true }),
  })
  .meta({ id: 'Mandate' });
const errors = [
  'mandate-unknown',
  'view-incomplete',
  'view-rebuilding',
  'store-unavailable',
  'revision-not-here-yet',
  'record-dead-lettered',
  'log-unavailable',
  ...databaseErrorCodes,
];

export const mandateRoutes = (view: View<Mandate>): Routes =>
  withTag('Mandates', {
    '/': {
      get: operation({
        summary: 'The mandate of a connection in the format of the lab: exactly the two fields of the event',
        query: z.strictObject({ connectionId: connectionIdSchema, ...freshness }),
        responses: { 200: { description: 'The mandate.', schema: legacyMandateSchema } },
        errors,
        handle: async ({ query }, res) => {
          const { connectionId, connectionMandate } = await readMandate(view, query);
          res.json({ connectionId, connectionMandate });
        },
      }),
    },
    '/mandates/:connectionId': {
      get: operation({
        summary: 'The mandate of a connection, with its revision',
        path: z.object({ connectionId: connectionIdSchema }),
        query: z.strictObject(freshness),
        responses: { 200: { description: 'The mandate.', schema: mandateSchema } },
        errors,
        handle: async ({ path, query }, res) => res.json(toResponse(await readMandate(view, { ...path, ...query }))),
      }),
    },
  });

const toResponse = (mandate: Mandate) => ({
  connectionId: mandate.connectionId,
  connectionMandate: mandate.connectionMandate,
  revision: revisionOf(mandate),
  changedAt: mandate.changedAt,
});

type MandateQuery = { connectionId: string; minRevision: number; waitMs: number };

const readMandate = async (
  view: View<Mandate>,
  { connectionId, minRevision, waitMs }: MandateQuery,
): Promise<Mandate> => {
  if (minRevision === 0) return findMandate(view, connectionId);
  return waitForVersion(view, connectionId, {
    read: async () => (await read(view, connectionId)).mandate,
    wanted: minRevision,
    waitMs,
    versionOf: revisionOf,
    createError: (found) => createNotYetError(connectionId, minRevision, found),
  });
};

const findMandate = async (view: View<Mandate>, connectionId: string): Promise<Mandate> => {
  const { mandate, state } = await read(view, connectionId);
  if (mandate) return mandate;
  const detail =
    state === 'empty'
      ? `This view has never been filled, so it knows no mandate of ${connectionId}.`
      : `No mandate of connection ${connectionId} is known.`;
  throw new DomainError('mandate-unknown', detail);
};

const createNotYetError = (connectionId: string, wanted: number, found: number | undefined) =>
  new DomainError(
    'revision-not-here-yet',
    `The view has not reached revision ${wanted} of ${connectionId} yet: it has ${found ?? 'none'}.`,
    {
      remedy: 'repeat the request, or wait longer with waitMs',
    },
  );

const read = async (view: View<Mandate>, connectionId: string) => {
  try {
    const mandate = await view.get(connectionId);
    return mandate ? { mandate } : { state: (await view.completeness()).state };
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError('store-unavailable', 'The state store does not answer; try again.', { cause: error });
  }
};
