import type { RowOf } from '../packages/view-database/view-database.ts';
import { customersTable } from './customers/table.ts';
import { ordersTable } from './orders/table.ts';
import { registrationsTable } from './registrations/table.ts';

/** The tables of the customer-view by the name of their view. */
export const viewTables = {
  customers: customersTable,
  registrations: registrationsTable,
  orders: ordersTable,
};

type ViewTables = typeof viewTables;

/** The view database for queries. */
export type CustomerViewDatabase = { readonly [View in keyof ViewTables]: RowOf<ViewTables[View]> };
