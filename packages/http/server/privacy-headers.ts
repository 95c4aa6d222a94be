import type { RequestHandler } from 'express';

/**
 * On every answer, errors included. Answers name persons, so no cache keeps them; no browser takes an answer for anything
 * but its Content-Type, or runs, frames or loads anything in it. A page that needs more sets its own policy.
 */
export const privacyHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

export const setPrivacyHeaders: RequestHandler = (_req, res, next) => {
  res.set(privacyHeaders);
  next();
};
