import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { DomainError } from '../../runtime/domain-error.ts';
import { privacyHeaders } from './privacy-headers.ts';
import { commonStatuses, createProblemBody } from './problem.ts';

/** Node's error codes for a request that it cannot parse; every other code is a malformed request. */
const errorsByNodeCode: Readonly<Record<string, readonly [code: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'The request line and the headers are larger than 16 KiB.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['body-too-large', 'The chunk extensions of the body are larger than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'The request did not arrive completely in time.'],
};

/** Handles a server's `clientError` with the same problem details and headers as the app. */
export const answerMalformedRequest = (error: NodeJS.ErrnoException, socket: Socket): void => {
  // Like Node's own handler: a started response cannot be replaced, only aborted.
  const { _httpMessage: response } = socket as Socket & { _httpMessage?: ServerResponse | null };
  if (!socket.writable || error.code === 'ECONNRESET' || response?.headersSent) return void socket.destroy();
  const [code, detail] = errorsByNodeCode[error.code ?? ''] ?? [
    'malformed-request',
    'This is not a valid HTTP/1.1 request.',
  ];
  const status = commonStatuses[code] ?? 400;
  const body = JSON.stringify(createProblemBody(new DomainError(code, detail), status));
  const headers = {
    ...privacyHeaders,
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroySoon();
};
