import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import { DomainError } from '../runtime/domain-error.ts';
import { createRateLimitedLog } from '../runtime/rate-limited-log.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type AccessRules, loopbackOnly } from './access-rules.ts';
import { checkContentEncoding } from './content-encoding.ts';
import { createHomePageHandler } from './home-page/home-page.ts';
import { createDescriptionRoutes } from './openapi/description.ts';
import { createPageAssetRouter } from './openapi/docs/page.ts';
import type { ApiDescription } from './openapi/openapi.ts';
import { jsonTypes, methods, type Operation, type Routes } from './operation.ts';
import { checkOperatorToken } from './operator-token.ts';
import { checkRequest, checkRequests } from './server/check-request.ts';
import { parseJsonBody } from './server/json-body.ts';
import { speedUpJsonResponses } from './server/json-response.ts';
import { setPrivacyHeaders } from './server/privacy-headers.ts';
import { type ProblemStatuses, sendProblem } from './server/problem.ts';
import { traceIdOf, traceRequests } from './trace.ts';

export type HttpContext = Pick<Runtime, 'log' | 'tracer'> & {
  readonly api: ApiDescription;
  readonly statuses?: ProblemStatuses;
  /** The allowed hosts and origins. Default: loopback and the service's own pages. */
  readonly access?: AccessRules | undefined;
  /** Without it, operations that need the token are refused. */
  readonly operatorToken?: string | undefined;
  /** The routes that a sidecar calls, if it shares the port. */
  readonly deliveries?: Router | undefined;
  /** Pages and their assets by path, in addition to the described routes. */
  readonly pages?: Readonly<Record<string, Router>> | undefined;
};

/** What a service passes to its app; the app itself sets the API description and the statuses. */
export type AppContext = Omit<HttpContext, 'api' | 'statuses' | 'pages'>;

/** An Express app with the common parts of all services: traces, logs, JSON bodies, problem details and the API description. */
export const createHttpApp = (
  serviceRoutes: Routes,
  { log, tracer, api, statuses = {}, access = loopbackOnly, operatorToken, deliveries, pages = {} }: HttpContext,
): Express => {
  const app = express();
  const limitedLog = createRateLimitedLog(log);
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  speedUpJsonResponses(app);
  app.use(setPrivacyHeaders);
  if (deliveries) app.use(mountUnlessRefused(access, deliveries));
  app.use(traceRequests(tracer), logRequests(log), checkRequests(access, log));
  const routes = { ...serviceRoutes, ...createDescriptionRoutes(serviceRoutes, api, statuses) };
  app.get('/', createHomePageHandler(routes, api));
  for (const [path, operations] of Object.entries(routes)) {
    const route = app.route(path);
    for (const method of methods)
      if (operations[method]) route[method](...createHandlers(operations[method], operatorToken));
    route.all(refuseMethod(Object.keys(operations)));
  }
  for (const [path, router] of Object.entries({ '/docs': createPageAssetRouter(), ...pages })) app.use(path, router);
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

/** A temporary failure is logged without a stack. */
const describeReason = (error: unknown) => {
  const { code, message, cause } = error as { code?: string; message?: string; cause?: unknown };
  return { code, reason: message, ...(cause instanceof Error && { cause: cause.message }) };
};

/** Checks the token first. Parses the body if the operation has a schema for it; otherwise the operation can stream it. */
const createHandlers = (
  { token, body, bodyTypes, handler }: Operation,
  operatorToken: string | undefined,
): RequestHandler[] => [
  ...(token ? [checkOperatorToken(operatorToken, token)] : []),
  ...(body || bodyTypes ? [checkContentEncoding] : []),
  ...(body ? [parseJsonBody(bodyTypes ?? jsonTypes)] : []),
  handler,
];

/** Deliveries get no span and no log line. A refused request is passed on to the middleware that traces and logs it. */
const mountUnlessRefused =
  (rules: AccessRules, router: Router): RequestHandler =>
  (req, res, next) =>
    checkRequest(req, rules) ? next() : router(req, res, next);

const refuseMethod = (allowed: string[]): RequestHandler => {
  const allow = [...allowed, ...(allowed.includes('get') ? ['head'] : [])]
    .map((method) => method.toUpperCase())
    .join(', ');
  return (req, res) => {
    res.set('Allow', allow);
    if (req.method === 'OPTIONS') return void res.sendStatus(204);
    throw new DomainError('method-not-allowed', `${req.path} does not support ${req.method}, only ${allow}.`);
  };
};

/** Logs the route, never the URL, because a query may contain personal data. */
const logRequests =
  (log: Runtime['log']): RequestHandler =>
  (req, res, next) => {
    if (!log.isLevelEnabled('debug')) return next();
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
