import type { Express } from 'express';
import request from 'supertest';
import { topics } from '../contracts/topics.ts';
import { createCrmApp } from '../crm/app.ts';
import { registerCustomer } from '../crm/customers/index.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { createImportQueue } from '../crm/imports/index.ts';
import { watchOutbox } from '../crm/outbox/index.ts';
import { createCustomerViewApp } from '../customer-view/app.ts';
import { createIotPlatformApp } from '../iot-platform/app.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { type OperationsContext, openOperations } from '../packages/platform/operations/index.ts';
import { createIdleCustomerView } from './customer-view-app.ts';
import { createIdleViews } from './idle-views.ts';
import { corinne } from './lab-customers.ts';
import { dataFolder } from './platform-process.ts';
import { createTestRuntime } from './test-runtime.ts';

const platform = openEmbeddedPlatform(':memory:', Object.values(topics));
const bus = platform.eventBus('test');
const runtime = createTestRuntime();

const withOperations = <T extends Pick<OperationsContext, 'store' | 'views' | 'names'>>(service: T) => {
  const logs = { topicLog: platform.logReader(), operatorLog: platform.operatorLog() };
  const addresses = { DATA_DIR: dataFolder(), CRM_URL: 'http://127.0.0.1:9', IOT_PLATFORM_URL: 'http://127.0.0.1:9' };
  return { ...service, operations: openOperations({ ...runtime, ...logs, ...service, bus, addresses }).routes };
};

/** The apps of all services. The CRM has one customer, Corinne, and the views are empty. */
export const services = {
  CRM: async () => {
    const context = { ...runtime, db: await openCrmDatabase('memory'), onCommit: () => {} };
    await registerCustomer(context, { ...corinne, connectionMandate: '1', email: null, phone: null });
    const parts = { imports: createImportQueue(context, dataFolder()), outbox: watchOutbox(context) };
    return createCrmApp({ ...context, ...parts, bus, isDurable: false });
  },
  'IoT platform': async () =>
    createIotPlatformApp({
      ...runtime,
      bus,
      ...withOperations({
        store: platform.stateStore('statestore'),
        ...createIdleViews(platform.stateStore('statestore')),
      }),
    }),
  'customer-view': async () =>
    createCustomerViewApp({ ...runtime, bus, ...withOperations(await createIdleCustomerView()) }),
} satisfies Record<string, () => Promise<Express>>;

/** A schema in an OpenAPI document, with the keywords that tests read. */
type DescribedSchema = { readonly examples?: readonly unknown[]; readonly pattern?: string };
type Content = Readonly<Record<string, { readonly schema: DescribedSchema; readonly example?: unknown }>>;
export type DescribedParameter = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly example?: unknown;
  readonly schema: DescribedSchema;
};
export type DescribedOperation = {
  readonly parameters: readonly DescribedParameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly content?: Content; readonly headers?: Readonly<Record<string, { example?: unknown }>> }>
  >;
};
export type OpenApiDocument = {
  readonly info: { readonly title: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, DescribedSchema>> };
};

export const readOpenApi = async (app: Express): Promise<OpenApiDocument> =>
  (await request(app).get('/openapi.json').expect(200)).body;
