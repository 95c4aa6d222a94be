import type { Request, Response } from 'express';
import type { OperationResponse } from '../../../packages/http/operation.ts';
import { sendVersion } from '../../../packages/http/preconditions.ts';
import { traceparentOf } from '../../../packages/http/trace.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import { customerFieldNames } from '../customer.ts';
import { customerSchema, showCustomer } from '../show-customer.ts';
import type { ChangedCustomer } from './change-customer.ts';
import { type EvidenceHeaders, evidenceOf } from './evidence.ts';
import type { ChangeOrigin } from './mandate-changes.ts';

export const revisionHeader = {
  'Mandate-Revision': {
    description:
      'The revision of the connection’s mandate. A view that has this revision shows this change or a later one.',
    example: '1795694400123',
  },
};

export const customerResponse: OperationResponse = {
  description: 'The customer.',
  schema: customerSchema,
  headers: { ETag: { description: 'The version of the customer, for If-Match and If-None-Match.', example: '"1"' } },
};

export const changeResponse: OperationResponse = {
  ...customerResponse,
  headers: { ...customerResponse.headers, ...revisionHeader },
};

export const originOf = (headers: EvidenceHeaders, res: Response): ChangeOrigin => ({
  evidence: evidenceOf(headers),
  traceparent: traceparentOf(res),
});

/** Sends the changed customer. A caller can pass the revision to a view, which then waits until it shows this change. */
export const sendChange = (res: Response, { customer, mandateRevision }: ChangedCustomer): void => {
  res.set('Mandate-Revision', String(mandateRevision));
  sendVersion(res, customer.version, showCustomer(customer));
};

/** Adds a remedy to connection-held: the curl command that changes the holder, which the caller may have meant. */
export const suggestUpdate = (req: Request) => (error: unknown) => {
  if (!(error instanceof DomainError) || error.code !== 'connection-held') throw error;
  const sent = customerFieldNames.flatMap((field) => (field in req.body ? [[field, req.body[field]]] : []));
  const body = JSON.stringify(Object.fromEntries(sent)).replaceAll("'", String.raw`'\''`);
  const url = `${req.protocol}://${req.get('host')}/customers/${error.facts.holder}`;
  const method = req.method === 'PATCH' ? 'PATCH' : 'POST';
  const remedy = `to change that customer: curl -X ${method} ${url} -H 'Content-Type: application/json' -d '${body}'`;
  throw new DomainError(error.code, error.message, { ...error, remedy });
};
