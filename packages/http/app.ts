import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import { DomainError } from '../runtime/domain-error.ts';
import { rateLimitedLog } from '../runtime/rate-limited-log.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type AccessRules, loopbackOnly } from './access-rules.ts';
import { createDescriptionRoutes } from './openapi/description.ts';
import { pageAssets } from './openapi/docs/page.ts';
import type { ApiDescription } from './openapi/openapi.ts';
import { jsonTypes, methods, type Operation, type Routes } from './operation.ts';
import { checkRequest, checkRequests } from './server/check-request.ts';
import { setPrivacyHeaders } from './server/privacy-headers.ts';
import { type ProblemStatuses, sendProblem } from './server/problem.ts';
import { traceIdOf, traceRequests } from './trace.ts';

export type HttpContext = Pick<Runtime, 'log' | 'tracer'> & {
  readonly api: ApiDescription;
  readonly statuses?: ProblemStatuses;
  /** Which hosts and origins are answered; without it loopback and the service's own pages. */
  readonly access?: AccessRules | undefined;
  /** What a sidecar calls, where it shares the port. */
  readonly deliveries?: Router | undefined;
};

/** What an app is given from outside; the rest it says of itself. */
export type AppContext = Omit<HttpContext, 'api' | 'statuses'>;

/** An Express app with what all our services do alike: traces, logs, JSON bodies, problem details, its description. */
export const createHttpApp = (
  serviceRoutes: Routes,
  { log, tracer, api, statuses = {}, access = loopbackOnly, deliveries }: HttpContext,
): Express => {
  const app = express();
  const limitedLog = rateLimitedLog(log);
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(setPrivacyHeaders);
  if (deliveries) app.use(mountUnlessRefused(access, deliveries));
  app.use(traceRequests(tracer), logRequests(log), checkRequests(access, log));
  const routes = { ...serviceRoutes, ...createDescriptionRoutes(serviceRoutes, api, statuses) };
  for (const [path, operations] of Object.entries(routes)) {
    const route = app.route(path);
    for (const method of methods) if (operations[method]) route[method](...createHandlers(operations[method]));
    route.all(refuseMethod(Object.keys(operations)));
  }
  app.use('/docs', pageAssets());
  app.use((req) => {
    throw new DomainError('unknown-route', `There is no ${req.path}.`, {
      remedy: `routes: ${Object.keys(routes).join(' ')}`,
    });
  });
  app.use((error: unknown, req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(error);
    const status = sendProblem(res, error, statuses);
    const entry = { method: req.method, traceId: traceIdOf(res) };
    if (status === 503 || status === 507)
      limitedLog.warn({ ...entry, ...describeReason(error) }, 'request not answered');
    else if (status >= 500) limitedLog.error({ ...entry, err: error }, 'request failed');
  });
  return app;
};

/** Of what passes or is being mended: no stack. */
const describeReason = (error: unknown) => {
  const { code, message, cause } = error as { code?: string; message?: string; cause?: unknown };
  return { code, reason: message, ...(cause instanceof Error && { cause: cause.message }) };
};

/** A body is read where one is expected; what is streamed is left to the operation. */
const createHandlers = ({ body, bodyTypes, handler }: Operation): RequestHandler[] =>
  body ? [express.json({ limit: '1mb', type: [...(bodyTypes ?? jsonTypes)] }), handler] : [handler];

/** Deliveries have no span and no log line; what the guard refuses is passed on to where it gets both. */
const mountUnlessRefused =
  (access: AccessRules, router: Router): RequestHandler =>
  (req, res, next) =>
    checkRequest(req, access) ? next() : router(req, res, next);

const refuseMethod = (allowed: string[]): RequestHandler => {
  const allow = [...allowed, ...(allowed.includes('get') ? ['head'] : [])]
    .map((method) => method.toUpperCase())
    .join(', ');
  return (req, res) => {
    res.set('Allow', allow);
    if (req.method === 'OPTIONS') return void res.sendStatus(204);
    throw new DomainError('method-not-allowed', `${req.path} does not know ${req.method}; it knows ${allow}.`);
  };
};

/** The route, never the URL: a query may name a person. */
const logRequests =
  (log: Runtime['log']): RequestHandler =>
  (req, res, next) => {
    const started = performance.now();
    res.on('finish', () => {
      const ms = Math.round((performance.now() - started) * 10) / 10;
      log.debug(
        { method: req.method, route: req.route?.path, status: res.statusCode, ms, traceId: traceIdOf(res) },
        'request',
      );
    });
    next();
  };
