import type { Request, Response } from 'express';

const traceparentPattern = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Takes over the caller's W3C trace, or starts one from new random UUIDs. */
export const startTrace = (newId: () => string) => (req: Request, res: Response, next: () => void) => {
  const given = req.get('traceparent');
  const hex = (digits: number) => newId().replaceAll('-', '').slice(0, digits);
  res.locals.traceparent = given && traceparentPattern.test(given) ? given : `00-${hex(32)}-${hex(16)}-01`;
  next();
};

export const traceparentOf = (res: Response): string => res.locals.traceparent;
export const traceIdOf = (res: Response): string => traceparentOf(res).slice(3, 35);
