import type { Request, Response } from 'express';
import { z } from 'zod';
import { orNumber } from '../../contracts/connection-mandate.ts';
import { DomainError } from '../../lib/domain-error.ts';
import { jsonBody, type Routes } from '../../lib/http/app.ts';
import { traceparentOf } from '../../lib/http/trace.ts';
import { validate } from '../../lib/validate.ts';
import { type ChangeOrigin, throughApi } from './announce-mandates.ts';
import { type ChangedCustomer, type CustomerChanges, registerCustomer, replaceCustomer } from './change-customer.ts';
import { customerDataSchema, customerIdSchema } from './customer.ts';
import { findCustomer, listCustomers } from './find-customers.ts';
import { showCustomer, showLabCustomer } from './show-customer.ts';

const homeQuerySchema = z.strictObject({ customerId: z.string('one customerId').min(1, 'a customerId').optional() });
const limit = 'a whole number from 1 to 1000';
const listQuerySchema = z.strictObject({
  limit: z.coerce.number(limit).int(limit).min(1, limit).max(1000, limit).default(100),
  after: customerIdSchema.optional(),
});

/** What a GET answers beside what a caller may say: may be sent back, and changes nothing. */
const shownFields = {
  createdAt: z.iso.datetime('a time in UTC').optional(),
  updatedAt: z.iso.datetime('a time in UTC').optional(),
  version: z.int('a whole number').optional(),
};
const originOf = (res: Response): ChangeOrigin => ({ ...throughApi, traceparent: traceparentOf(res) });

export const customerRoutes = (changes: CustomerChanges): Routes => {
  const { db } = changes;
  return {
    // The lab's way: one customer by query parameter, or all of them as an object keyed by id.
    '/': {
      get: async (req, res) => {
        const { customerId } = validate(homeQuerySchema, req.query, 'invalid-parameter');
        if (customerId !== undefined) return void res.json(showLabCustomer(await findCustomer(db, customerId)));
        const all = await listCustomers(db, {});
        res.json(Object.fromEntries(all.map((customer) => [customer.customerId, showLabCustomer(customer)])));
      },
    },
    '/customers': {
      get: async (req, res) => {
        const page = validate(listQuerySchema, req.query, 'invalid-parameter');
        const items = await listCustomers(db, { ...page, limit: page.limit + 1 });
        const more = items.length > page.limit ? items.splice(page.limit) : [];
        const next = more.length > 0 ? `/customers?limit=${page.limit}&after=${items.at(-1)?.customerId}` : null;
        res.json({ items: items.map(showCustomer), next });
      },
      post: async (req, res) => {
        const data = validate(customerDataSchema, jsonBody(req), 'invalid-body');
        const changed = await registerCustomer(changes, data, originOf(res)).catch(showUpdateLine(req));
        answer(res.status(201).location(`/customers/${changed.customer.customerId}`), changed);
      },
    },
    '/customers/:customerId': {
      get: async (req, res) => void res.json(showCustomer(await findCustomer(db, idOf(req)))),
      put: async (req, res) => answer(res, await replace(req, originOf(res))),
      post: async (req, res) => answer(res, await replace(req, originOf(res))),
    },
  };

  async function replace(req: Request, origin: ChangeOrigin) {
    // What a GET answered may be sent back as it is.
    const ownId = orNumber(z.literal(idOf(req), `${idOf(req)}, the id in the path, or nothing`)).optional();
    const schema = customerDataSchema.extend({ ...shownFields, customerId: ownId });
    const { customerId, createdAt, updatedAt, version, ...data } = validate(schema, jsonBody(req), 'invalid-body');
    return replaceCustomer(changes, idOf(req), data, origin).catch(showUpdateLine(req));
  }
};

/** With the revision a caller can ask a view to wait until it shows this change. */
const answer = (res: Response, { customer, mandateRevision }: ChangedCustomer) =>
  void res.set('Mandate-Revision', String(mandateRevision)).json(showCustomer(customer));

const idOf = (req: Request) => String(req.params.customerId);

/** Whoever meant to change the customer that holds the connection gets the line that does it. */
const showUpdateLine = (req: Request) => (error: unknown) => {
  if (!(error instanceof DomainError) || error.code !== 'connection-held') throw error;
  const { customerId: _, ...data } = req.body as Record<string, unknown>;
  const body = JSON.stringify(data).replaceAll("'", String.raw`'\''`);
  const url = `${req.protocol}://${req.get('host')}/customers/${error.facts.holder}`;
  const remedy = `to change that customer: curl -X POST ${url} -H 'Content-Type: application/json' -d '${body}'`;
  throw new DomainError(error.code, error.message, { ...error, remedy });
};
