import type { Request, Response } from 'express';
import type { OperationResponse } from '../../../packages/http/operation.ts';
import { sendVersion } from '../../../packages/http/preconditions.ts';
import { traceparentOf } from '../../../packages/http/trace.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import type { CustomerPatch } from '../customer.ts';
import { customerSchema, showCustomer } from '../show-customer.ts';
import type { ChangeOrigin } from './append-mandate-events.ts';
import type { ChangedCustomer } from './change-customer.ts';
import { type EvidenceHeaders, evidenceOf } from './evidence.ts';

export const revisionHeader = {
  'Mandate-Revision': 'The revision of the connection’s mandate: a view that has it shows this change, or a later one.',
};

export const customerAnswer: OperationResponse = {
  description: 'The customer.',
  schema: customerSchema,
  headers: { ETag: 'The version, for If-Match and If-None-Match.' },
};

export const changeAnswer: OperationResponse = {
  ...customerAnswer,
  headers: { ...customerAnswer.headers, ...revisionHeader },
};

export const originOf = (headers: EvidenceHeaders, res: Response): ChangeOrigin => ({
  evidence: evidenceOf(headers),
  traceparent: traceparentOf(res),
});

/** With the revision a caller can ask a view to wait until it shows this change. */
export const sendChange = (res: Response, { customer, mandateRevision }: ChangedCustomer): void => {
  res.set('Mandate-Revision', String(mandateRevision));
  sendVersion(res, customer.version, showCustomer(customer));
};

/** The caller may have meant to change the customer that holds the connection: the remedy is the line that does it. */
export const suggestUpdate = (req: Request, data: CustomerPatch) => (error: unknown) => {
  if (!(error instanceof DomainError) || error.code !== 'connection-held') throw error;
  const body = JSON.stringify(data).replaceAll("'", String.raw`'\''`);
  const url = `${req.protocol}://${req.get('host')}/customers/${error.facts.holder}`;
  const method = req.method === 'PATCH' ? 'PATCH' : 'POST';
  const remedy = `to change that customer: curl -X ${method} ${url} -H 'Content-Type: application/json' -d '${body}'`;
  throw new DomainError(error.code, error.message, { ...error, remedy });
};
