import type { RequestHandler } from 'express';

/**
 * Headers of every response, including errors. Responses contain personal data, so no cache may keep them. Browsers may not guess
 * another content type, or run, frame or load anything in a response. A page that needs more sets its own policy.
 */
export const privacyHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

const entries = Object.entries(privacyHeaders);

export const setPrivacyHeaders: RequestHandler = (_req, res, next) => {
  for (const [name, value] of entries) res.setHeader(name, value);
  next();
};
