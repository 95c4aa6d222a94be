import type { Express } from 'express';
import { z } from 'zod';
import { asyncApiDocument } from '../contracts/asyncapi.ts';
import { databaseErrorCodes } from '../packages/database/database-error.ts';
import { type AppContext, httpApp } from '../packages/http/app.ts';
import { healthRoutes } from '../packages/http/health.ts';
import { withProblems } from '../packages/http/operation.ts';
import { statusRoutes } from '../packages/http/status.ts';
import type { EventBus } from '../packages/projections/event-bus.ts';
import {
  type CustomerChanges,
  createErasures,
  customerRoutes,
  type Erasures,
  type PersonalDataSources,
  sourcesBesideRecord,
} from './customers/index.ts';
import { checkDatabase } from './database/index.ts';
import { type ImportQueue, importedRows, importFileNames, importRoutes, importStatuses } from './imports/index.ts';
import { type OutboxProgress, outboxBacklog } from './outbox/index.ts';

const statuses = {
  'customer-unknown': 404,
  'connection-unknown': 404,
  'connection-held': 409,
  'revision-too-high': 409,
  'answer-erased': 410,
  'version-differs': 412,
  'key-reused': 422,
  'database-in-use': 503,
  ...importStatuses,
};

const api = {
  title: 'CRM',
  description: 'Customers, and how far each allows the meter on their connection to be read.',
  events: asyncApiDocument,
};

const inMemory =
  'in memory: nothing survives a stop, the next start loads the CSV again; its revisions then begin at the clock, and one ' +
  'that is behind makes the views ignore its changes';

const statusSchema = z.object({
  database: z.string().meta({ description: 'Whether what is changed survives a stop.' }),
  instance: z.string().optional().meta({ description: 'This process, among those that share the database.' }),
  outbox: z
    .object({
      waiting: z.int().min(0),
      since: z.iso.datetime().nullable(),
      relayedBy: z.string().nullable().meta({ description: 'The instance that publishes; null while nothing waits.' }),
    })
    .meta({ description: 'How many events wait to be published, and since when the oldest does.' }),
});

/** Every place beside the record that holds something of a person. */
export const personalData: PersonalDataSources = {
  ...sourcesBesideRecord,
  importReports: importedRows,
  importFileNames,
};

export type CrmAppContext = CustomerChanges &
  AppContext & {
    bus: EventBus;
    durable: boolean;
    imports: ImportQueue;
    outbox: OutboxProgress;
    /** Those of the service, which continues them after a restart; else the app has its own. */
    erasures?: Erasures;
    instance?: string;
  };

export const crmApp = (context: CrmAppContext): Express => {
  const { db, bus, durable, outbox, instance } = context;
  const erasures = context.erasures ?? createErasures({ ...context, sources: personalData });
  const ofDatabase = {
    ...customerRoutes(context, erasures),
    ...importRoutes(context),
    ...statusRoutes(statusSchema, async () => ({
      database: durable ? 'durable' : inMemory,
      instance,
      outbox: { ...(await outboxBacklog(db)), relayedBy: await outbox.relayedBy() },
    })),
  };
  const routes = {
    ...withProblems(ofDatabase, databaseErrorCodes),
    ...healthRoutes({
      database: () => checkDatabase(db),
      eventBus: () => bus.check(),
      outbox: outbox.check,
    }),
  };
  return httpApp(routes, { ...context, api, statuses });
};
