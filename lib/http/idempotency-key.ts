import type { Request } from 'express';
import { DomainError } from '../domain-error.ts';

const expected = '1 to 255 printable ASCII characters, in double quotes or without spaces';
const quoted = /^"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"$/;
const bare = /^([\x21\x23-\x5b\x5d-\x7e]{1,255})$/;

/**
 * The caller's name for one attempt (draft-ietf-httpapi-idempotency-key-header), which many callers send without the
 * quotes that the draft asks for: both are the same key. @throws DomainError malformed-header
 */
export const idempotencyKey = (req: Request): string | undefined => {
  const value = req.get('Idempotency-Key');
  if (value === undefined) return undefined;
  const key = (quoted.exec(value) ?? bare.exec(value))?.[1];
  if (key !== undefined) return key;
  throw new DomainError('malformed-header', `Idempotency-Key: ${expected}`, {
    errors: [{ field: 'Idempotency-Key', expected }],
  });
};
