import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import { DatabaseTrouble } from '../database/database-trouble.ts';
import { DomainError } from '../domain-error.ts';
import type { World } from '../world.ts';
import { descriptionRoutes } from './description.ts';
import { pageAssets } from './docs/page.ts';
import type { ApiDescription } from './openapi.ts';
import { jsonTypes, methods, type Operation, type Routes } from './operation.ts';
import { type ProblemStatuses, sendProblem } from './problem.ts';
import { traceIdOf, traceRequests } from './trace.ts';

export type HttpContext = Pick<World, 'log' | 'tracer'> & {
  readonly api: ApiDescription;
  readonly statuses?: ProblemStatuses;
  /** What a sidecar calls, where it shares the port. */
  readonly deliveries?: Router | undefined;
};

/** What an app is given from outside; the rest it says of itself. */
export type AppContext = Omit<HttpContext, 'api' | 'statuses'>;

/** An Express app with what all our services do alike: traces, logs, JSON bodies, problem details, its description. */
export const httpApp = (described: Routes, { log, tracer, api, statuses = {}, deliveries }: HttpContext): Express => {
  const app = express();
  const levelOf = oneWarningAMinute();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  if (deliveries) app.use(deliveries);
  app.use(traceRequests(tracer), logRequests(log), neverSniff);
  const routes = { ...described, ...descriptionRoutes(described, api, statuses) };
  for (const [path, operations] of Object.entries(routes)) {
    const route = app.route(path);
    for (const method of methods) if (operations[method]) route[method](...handlersOf(operations[method]));
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
    const entry = { err: error, method: req.method, traceId: traceIdOf(res) };
    if (status === 503 || status === 507) log[levelOf(error)](entry, 'request not answered');
    else if (status >= 500) log.error(entry, 'request failed');
  });
  return app;
};

const minuteMs = 60_000;

/** A disk that is full or a file that is gone fails every request alike: the log says so once a minute. */
const oneWarningAMinute = () => {
  const warnedAt = new Map<string, number>();
  return (error: unknown): 'warn' | 'debug' => {
    if (!(error instanceof DatabaseTrouble)) return 'warn';
    const now = performance.now();
    if (now - (warnedAt.get(error.code) ?? Number.NEGATIVE_INFINITY) < minuteMs) return 'debug';
    warnedAt.set(error.code, now);
    return 'warn';
  };
};

/** A body is read where one is expected; what is streamed is left to the operation. */
const handlersOf = ({ body, bodyTypes, handler }: Operation): RequestHandler[] =>
  body ? [express.json({ limit: '1mb', type: [...(bodyTypes ?? jsonTypes)] }), handler] : [handler];

/** An answer is what its Content-Type says, whatever somebody put into it. */
const neverSniff: RequestHandler = (_req, res, next) => {
  res.set('X-Content-Type-Options', 'nosniff');
  next();
};

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
  (log: World['log']): RequestHandler =>
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
