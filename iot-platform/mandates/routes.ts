import { setTimeout as delay } from 'node:timers/promises';
import type { Request } from 'express';
import { z } from 'zod';
import { connectionIdSchema } from '../../contracts/connection-mandate.ts';
import { DomainError } from '../../lib/domain-error.ts';
import type { Routes } from '../../lib/http/app.ts';
import { validate } from '../../lib/validate.ts';
import type { View } from '../../lib/view.ts';
import type { Mandate } from './mandate.ts';

const aRevision = 'a revision, as the CRM answers it in Mandate-Revision';
const aWait = 'milliseconds to wait, 0 to 30000';
const readSchema = z.strictObject({
  connectionId: connectionIdSchema,
  minRevision: z.coerce.number(aRevision).int(aRevision).min(0, aRevision).default(0),
  waitMs: z.coerce.number(aWait).int(aWait).min(0, aWait).max(30_000, aWait).default(0),
});

/** How often the store is asked again; another instance may be the one that writes. */
const askAgainAfterMs = 20;

export const mandateRoutes = (view: View<Mandate>): Routes => {
  const readMandate = async (asked: Request['query']): Promise<Mandate> => {
    const { connectionId, minRevision, waitMs } = validate(readSchema, asked, 'invalid-parameter');
    if (minRevision === 0) return findMandate(view, connectionId);
    const deadline = performance.now() + waitMs;
    for (;;) {
      const { mandate } = await read(view, connectionId);
      if (mandate && mandate.revision >= minRevision) return mandate;
      if (performance.now() >= deadline) throw notYet(connectionId, minRevision, mandate?.revision);
      await delay(askAgainAfterMs);
    }
  };

  return {
    // The lab's way, with exactly the event's two fields.
    '/': {
      get: async (req, res) => {
        const { connectionId, connectionMandate } = await readMandate(req.query);
        res.json({ connectionId, connectionMandate });
      },
    },
    '/mandates/:connectionId': {
      get: async (req, res) => void res.json(await readMandate({ ...req.query, ...req.params })),
    },
  };
};

const findMandate = async (view: View<Mandate>, connectionId: string): Promise<Mandate> => {
  const { mandate, state } = await read(view, connectionId);
  if (mandate) return mandate;
  if (state === 'incomplete')
    throw new DomainError(
      'view-incomplete',
      `No mandate of ${connectionId} is here, but events are missing from this view.`,
      { remedy: 'rebuild the view from the log; /status says what is missing' },
    );
  const detail =
    state === 'empty'
      ? `This view has never been filled, so it knows no mandate of ${connectionId} either.`
      : `No mandate of connection ${connectionId} is known.`;
  throw new DomainError('mandate-unknown', detail);
};

const notYet = (connectionId: string, wanted: number, shown: number | undefined) =>
  new DomainError(
    'revision-not-here-yet',
    `The view has revision ${shown ?? 'none'} of ${connectionId}, not ${wanted} yet.`,
    {
      remedy: 'ask again, or wait longer with waitMs',
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
