import express, { type Express, type NextFunction, type Request, type Response, type Router } from 'express';
import { DomainError } from '../runtime/domain-error.ts';
import { createRateLimitedLog } from '../runtime/rate-limited-log.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { AccessRules } from './access-rules.ts';
import { checkRequests } from './server/check-request.ts';
import { setPrivacyHeaders } from './server/privacy-headers.ts';
import { sendProblem } from './server/problem.ts';

/** An app for the sidecar only: deliveries and /healthz. */
export const createDeliveryApp = (
  deliveries: Router,
  { log, access }: Pick<Runtime, 'log'> & { access: AccessRules },
): Express => {
  const app = express();
  const limitedLog = createRateLimitedLog(log);
  app.disable('x-powered-by').disable('etag');
  app.use(setPrivacyHeaders, checkRequests(access, log));
  app.get('/healthz', (_req, res) => void res.json({ status: 'alive' }));
  app.use(deliveries);
  app.use((req) => {
    throw new DomainError('unknown-route', `There is no ${req.path}.`);
  });
  app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(error);
    if (sendProblem(res, error, {}) >= 500) limitedLog.error({ err: error }, 'request failed');
  });
  return app;
};
