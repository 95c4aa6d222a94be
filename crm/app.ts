import type { Express } from 'express';
import type { EventBus } from '../lib/event-bus.ts';
import { type HttpContext, httpApp } from '../lib/http/app.ts';
import { healthRoutes } from '../lib/http/health.ts';
import type { CustomerChanges } from './customers/change-customer.ts';
import { customerRoutes } from './customers/routes.ts';
import { outboxBacklog } from './outbox/outbox.ts';

const statuses = { 'customer-unknown': 404, 'connection-held': 409 };

export type CrmAppContext = CustomerChanges & Omit<HttpContext, 'statuses'> & { bus: EventBus; durable: boolean };

export const crmApp = (context: CrmAppContext): Express => {
  const { db, bus, durable } = context;
  const routes = {
    ...customerRoutes(context),
    ...healthRoutes({
      database: async () => void (await db.selectFrom('connection').select('revision').limit(1).execute()),
      eventBus: () => bus.check(),
    }),
    '/status': {
      get: async (_req: unknown, res: { json(body: object): void }) =>
        res.json({
          database: durable ? 'durable' : 'in memory: nothing survives a stop, the next start loads the CSV again',
          outbox: await outboxBacklog(db),
        }),
    },
  };
  return httpApp(routes, { ...context, statuses });
};
