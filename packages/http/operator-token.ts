import type { RequestHandler, Response } from 'express';
import { z } from 'zod';
import { DomainError } from '../runtime/domain-error.ts';
import { isSameSecret } from '../runtime/is-same-secret.ts';

const tokenFormat = '16 to 256 characters of A-Z, a-z, 0-9, -, ., _, ~, +, / and =';

/** Schema of OPERATOR_TOKEN. */
export const operatorToken = z.string().regex(/^(?=.{16,256}$)[A-Za-z0-9\-._~+/]+=*$/, tokenFormat);

/** Whether an operation needs the operator's token, or shows more with it. */
export type TokenUse = 'required' | 'optional';

/** Middleware: refuses a request without the token where it is required, and a wrong token always. It does not read the body. */
export const checkOperatorToken =
  (token: string | undefined, use: TokenUse): RequestHandler =>
  (req, res, next) => {
    const header = req.get('Authorization');
    const given = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
    const isOperator = token !== undefined && given !== undefined && isSameSecret(given, token);
    if (!isOperator && (use === 'required' || header !== undefined)) return next(createRefusal(token, header));
    res.locals.isOperator = isOperator;
    next();
  };

/** Whether the request was sent with the token. */
export const isOperator = (res: Response): boolean => res.locals.isOperator === true;

const createRefusal = (token: string | undefined, header: string | undefined) =>
  token === undefined
    ? new DomainError('unauthorized', 'This service has no operator token, so it refuses what needs one.', {
        remedy: 'start the service with OPERATOR_TOKEN, and send it: Authorization: Bearer …',
      })
    : new DomainError(
        'unauthorized',
        header === undefined ? 'This request needs the operator token.' : 'This is not the operator token.',
        {
          errors: [{ field: 'Authorization', expected: 'Bearer and the value of OPERATOR_TOKEN' }],
          remedy: 'send the token that npm start has printed, or that OPERATOR_TOKEN has set: Authorization: Bearer …',
        },
      );
