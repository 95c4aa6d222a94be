import type { RegisteredView } from '../packages/platform/views.ts';
import { customersTable, customersView } from './customers/index.ts';
import { greetingsTable, greetingsView } from './greetings/index.ts';
import { ordersTable, ordersView } from './orders/index.ts';
import { registrationsTable, registrationsView } from './registrations/index.ts';

/** The views of this service. The commands find them here, as in iot-platform/projections.ts. */
export const customerViews: readonly RegisteredView[] = [customersView, registrationsView, ordersView, greetingsView];

/** The table of each view, by its name. */
export const viewTables = {
  customers: customersTable,
  registrations: registrationsTable,
  orders: ordersTable,
  greetings: greetingsTable,
};
