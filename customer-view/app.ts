import type { Express } from 'express';
import type { Kysely } from 'kysely';
import { asyncApiDocument } from '../contracts/asyncapi.ts';
import { createViewApp, readStatuses, type ViewAppContext } from '../packages/platform/view-service/index.ts';
import type { View } from '../packages/projections/view.ts';
import { customerOrderRoutes } from './customer-orders/index.ts';
import { type Customer, customerRoutes } from './customers/index.ts';
import { type Greeting, greetingRoutes } from './greetings/index.ts';
import { type InstanceRegistry, instanceRoutes } from './instances/index.ts';
import { type Order, orderRoutes } from './orders/index.ts';
import type { CustomerViewDatabase } from './queries/index.ts';
import type { Registration } from './registrations/index.ts';
import { reportRoutes } from './reports/index.ts';

const statuses = {
  'customer-unknown': 404,
  'order-unknown': 404,
  'customer-erased': 410,
  'view-incomplete': 503,
  'view-rebuilding': 503,
  'version-not-here-yet': 503,
  'record-dead-lettered': 503,
  'log-unavailable': 503,
};

const api = {
  title: 'customer-view',
  description: 'Customers, their orders, reports and greetings, in views of what the CRM has published.',
  events: asyncApiDocument,
};

type CustomerViewContext = ViewAppContext & {
  readonly db: Kysely<CustomerViewDatabase>;
  readonly instances: Pick<InstanceRegistry, 'instanceId' | 'list'>;
};

export const createCustomerViewApp = (context: CustomerViewContext): Express => {
  const { db, instances } = context;
  const viewOf = <Document>(name: keyof CustomerViewDatabase) => {
    const running = context.views.find(({ registered }) => registered.projection.name === name);
    if (!running) throw new Error(`the view ${name} is not running`);
    return running.view as View<Document>;
  };
  const customers = viewOf<Customer>('customers');
  const orders = viewOf<Order>('orders');
  const registrations = viewOf<Registration>('registrations');
  const routes = {
    ...customerRoutes(db, customers),
    ...orderRoutes(db, orders),
    ...customerOrderRoutes(db, { customers, orders }),
    ...reportRoutes(db, { orders, registrations }),
    ...greetingRoutes(db, viewOf<Greeting>('greetings')),
    ...instanceRoutes(instances, () => readStatuses(context)),
  };
  return createViewApp(context, { api, statuses, routes });
};
