import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import express, { type RequestHandler } from 'express';
import { DomainError } from '../../runtime/domain-error.ts';

/** Middleware: parses a JSON body of one of the media types. @throws DomainError malformed-json, unsupported-media-type */
export const parseJsonBody = (types: readonly string[]): RequestHandler => {
  const parse = express.json({ limit: '1mb', type: [...types], verify: refuseOtherEncodings });
  return (req, res, next) => {
    // The parser knows UTF-8 by this one name.
    const type = req.headers['content-type']?.replace(/;\s*charset="?utf8"?/i, '; charset=utf-8');
    if (type !== undefined) req.headers['content-type'] = type;
    parse(req, res, next);
  };
};

/** RFC 8259 requires UTF-8. Without this check the parser replaces wrong bytes by U+FFFD, which would be stored. */
const refuseOtherEncodings = (_req: IncomingMessage, _res: unknown, body: Buffer, charset: string): void => {
  if (charset !== 'utf-8')
    throw new DomainError('unsupported-media-type', `The body must be JSON in UTF-8, not in ${charset}.`, { remedy });
  // JSON never contains a zero byte.
  if (body.includes(0))
    throw new DomainError('malformed-json', 'The body must be JSON in UTF-8, and it looks like UTF-16.', { remedy });
  if (!isUtf8(body))
    throw new DomainError('malformed-json', 'The body must be JSON in UTF-8, and it has bytes of another encoding.', {
      remedy,
    });
};

const remedy = 'encode the body in UTF-8; in Windows PowerShell: -Body ([Text.Encoding]::UTF8.GetBytes($json))';
