import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Request, RequestHandler } from 'express';
import { DomainError } from '../runtime/domain-error.ts';

const decoders = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress };
type ContentEncoding = keyof typeof decoders;

const names = Object.keys(decoders).join(', ');

/** The encoding of a body; undefined if it has none. `x-gzip` is another name of gzip (RFC 9110). */
const readEncoding = (req: Request): string | undefined => {
  const encoding = req.get('Content-Encoding')?.trim().toLowerCase() ?? '';
  return ['', 'identity'].includes(encoding) ? undefined : encoding.replace(/^x-gzip$/, 'gzip');
};

/** Refuses a body in an encoding that is not decoded, and names those that are (RFC 9110, section 12.5.3). */
export const checkContentEncoding: RequestHandler = (req, res, next) => {
  const encoding = readEncoding(req);
  if (encoding === undefined) delete req.headers['content-encoding'];
  else if (Object.hasOwn(decoders, encoding)) req.headers['content-encoding'] = encoding;
  else {
    res.set('Accept-Encoding', names);
    throw new DomainError('unsupported-media-type', `The Content-Encoding of a body can be one of ${names}.`, {
      remedy: 'send the body without Content-Encoding, or compressed once in one of these',
    });
  }
  next();
};

/**
 * Reads a body as a stream of decoded bytes, whose number the reader must limit. The request is not destroyed when reading stops
 * early, so that it can still be answered.
 * @throws DomainError malformed-request when the body is not in its content encoding
 */
export async function* readBody(req: Request): AsyncGenerator<Buffer> {
  const encoding = readEncoding(req) as ContentEncoding | undefined;
  if (!encoding) return yield* req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  const decoder = decoders[encoding]();
  req.once('error', (error) => decoder.destroy(error));
  req.pipe(decoder);
  try {
    yield* decoder as AsyncIterable<Buffer>;
  } catch (error) {
    if (req.destroyed && !req.complete) throw error;
    throw new DomainError('malformed-request', `The body cannot be decoded as ${encoding}, its Content-Encoding.`, {
      remedy: 'send the body again, complete and compressed once, or without Content-Encoding',
    });
  } finally {
    req.unpipe(decoder);
    decoder.destroy();
  }
}
