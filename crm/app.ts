import type { Express } from 'express';
import { z } from 'zod';
import { createConsole, type LocateServices } from '../console/console.ts';
import { asyncApiDocument } from '../contracts/asyncapi.ts';
import type { Codec } from '../contracts/codec.ts';
import { databaseErrorCodes } from '../packages/database/database-error.ts';
import { type AppContext, createHttpApp } from '../packages/http/app.ts';
import { healthRoutes } from '../packages/http/health.ts';
import { withErrors } from '../packages/http/operation.ts';
import { statusRoutes } from '../packages/http/status.ts';
import type { EventBus } from '../packages/projections/event-bus.ts';
import {
  type CrmContext,
  createErasures,
  customerDataSources,
  customerRoutes,
  type Erasures,
  type PersonalDataSources,
} from './customers/index.ts';
import { checkDatabase } from './database/index.ts';
import { greetingRoutes } from './greetings/index.ts';
import { type ImportQueue, importedRows, importFileNames, importRoutes, importStatuses } from './imports/index.ts';
import { createServiceLocator } from './locate-services.ts';
import { customerOrders, orderRoutes } from './orders/index.ts';
import { type OutboxProgress, readOutboxBacklog } from './outbox/index.ts';

const statuses = {
  'customer-unknown': 404,
  'connection-unknown': 404,
  'order-unknown': 404,
  'order-state-unknown': 404,
  'connection-held': 409,
  'revision-too-high': 409,
  'order-transition-refused': 409,
  'answer-erased': 410,
  'customer-erased': 410,
  'version-differs': 412,
  'key-reused': 422,
  'total-too-large': 422,
  'database-in-use': 503,
  ...importStatuses,
};

const api = {
  title: 'CRM',
  description:
    'Customers, their orders, and the connection mandate of each: how far the utility company may read the smart meter.',
  events: asyncApiDocument,
};

const inMemoryNotice =
  'in memory: nothing survives a stop, and the next start loads the CSV again; the revisions then start at the wall clock, ' +
  'and if that clock is behind, the views ignore the changes';

const statusSchema = z.object({
  database: z.string().meta({ description: 'Whether changes survive a stop of the process.', examples: ['durable'] }),
  instance: z
    .string()
    .optional()
    .meta({
      description: 'The id of this process among those that share the database.',
      examples: ['2c9f1b1e-7d0f-4b5e-9c55-3b7f6f3a11d0'],
    }),
  outbox: z
    .object({
      waiting: z
        .int()
        .min(0)
        .meta({ examples: [0] }),
      since: z.iso.datetime().nullable(),
      relayedBy: z.string().nullable().meta({ description: 'The instance that publishes; null while nothing waits.' }),
    })
    .meta({ description: 'How many events wait to be published, and since when the oldest one waits.' }),
});

/** Every place outside the customer's record that stores personal data. */
export const personalDataSources: PersonalDataSources = {
  ...customerDataSources,
  importReports: importedRows,
  importFileNames,
  orders: customerOrders,
};

export type CrmAppContext = CrmContext &
  AppContext & {
    bus: EventBus;
    isDurable: boolean;
    imports: ImportQueue;
    outbox: OutboxProgress;
    /** The service passes its erasures, because it resumes them after a restart. Without them the app creates its own. */
    erasures?: Erasures;
    instance?: string;
    /** Finds the services that the console calls. Without it they have their default addresses. */
    locateServices?: LocateServices;
    /** The codec of the mandates. */
    codec?: Pick<Codec, 'check'>;
  };

export const createCrmApp = (context: CrmAppContext): Express => {
  const { db, bus, isDurable, outbox, instance, codec } = context;
  const erasures = context.erasures ?? createErasures({ ...context, sources: personalDataSources });
  const databaseRoutes = {
    ...customerRoutes(context, erasures),
    ...orderRoutes(context),
    ...greetingRoutes(context),
    ...importRoutes(context),
    ...statusRoutes(statusSchema, async () => ({
      database: isDurable ? 'durable' : inMemoryNotice,
      instance,
      outbox: { ...(await readOutboxBacklog(db)), relayedBy: await outbox.relayedBy() },
    })),
  };
  const { routes: consoleRoutes, pages } = createConsole(context.locateServices ?? createServiceLocator({}));
  const routes = {
    ...consoleRoutes,
    ...withErrors(databaseRoutes, databaseErrorCodes),
    ...healthRoutes({
      database: () => checkDatabase(db),
      eventBus: () => bus.check(),
      outbox: outbox.check,
      ...(codec?.check && { schemaRegistry: codec.check }),
    }),
  };
  return createHttpApp(routes, { ...context, api, statuses, pages: { '/console': pages } });
};
