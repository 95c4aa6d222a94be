import { z } from 'zod';
import { connectionIdSchema } from '../../contracts/connection-mandate.ts';
import { DomainError } from '../../lib/domain-error.ts';
import type { Routes } from '../../lib/http/app.ts';
import { validate } from '../../lib/validate.ts';
import type { View } from '../../lib/view.ts';
import type { Mandate } from './mandate.ts';

const querySchema = z.strictObject({ connectionId: connectionIdSchema });

export const mandateRoutes = (view: View<Mandate>): Routes => ({
  // The lab's way, with exactly the event's two fields.
  '/': {
    get: async (req, res) => {
      const { connectionId } = validate(querySchema, req.query, 'invalid-parameter');
      const { connectionMandate } = await findMandate(view, connectionId);
      res.json({ connectionId, connectionMandate });
    },
  },
  '/mandates/:connectionId': {
    get: async (req, res) => {
      const { connectionId } = validate(querySchema, req.params, 'invalid-parameter');
      res.json(await findMandate(view, connectionId));
    },
  },
});

const findMandate = async (view: View<Mandate>, connectionId: string): Promise<Mandate> => {
  const { mandate, state } = await read(view, connectionId);
  if (mandate) return mandate;
  if (state === 'incomplete')
    throw new DomainError(
      'view-incomplete',
      `No mandate of ${connectionId} is here, but events are missing from this view.`,
      {
        remedy: 'rebuild the view from the log; /readyz says what is missing',
      },
    );
  if (state === 'empty')
    throw new DomainError(
      'mandate-unknown',
      `This view has never been filled, so it knows no mandate of ${connectionId} either.`,
    );
  throw new DomainError('mandate-unknown', `No mandate of connection ${connectionId} is known.`);
};

const read = async (view: View<Mandate>, connectionId: string) => {
  try {
    const mandate = await view.get(connectionId);
    return mandate ? { mandate } : { state: (await view.completeness()).state };
  } catch (error) {
    throw new DomainError('store-unavailable', 'The state store does not answer; try again.', { cause: error });
  }
};
