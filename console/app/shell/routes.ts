import type { ComponentType } from 'preact';
import { ConnectionPage } from '../pages/connection/connection-page.tsx';
import { FindConnectionPage } from '../pages/connection/find-connection-page.tsx';
import { CustomerPage } from '../pages/customers/customer-page.tsx';
import { CustomersPage } from '../pages/customers/customers-page.tsx';
import { NewCustomerPage } from '../pages/customers/new-customer-page.tsx';
import { FlowPage } from '../pages/flow/flow-page.tsx';
import { GreetingsPage } from '../pages/greetings/greetings-page.tsx';
import { ImportPage } from '../pages/imports/import-page.tsx';
import { ImportsPage } from '../pages/imports/imports-page.tsx';
import { OperationsPage } from '../pages/operations/operations-page.tsx';
import { NewOrderPage } from '../pages/orders/new-order-page.tsx';
import { OrderPage } from '../pages/orders/order-page.tsx';
import { OrdersPage } from '../pages/orders/orders-page.tsx';
import { ReportsPage } from '../pages/reports/reports-page.tsx';

/** A page and its path, whose `:name` parts become properties of the component. */
export type PageRoute = {
  readonly path: string;
  readonly title: string;
  /** Whether the navigation shows it. A page for one customer is reached from a list. */
  readonly isInNavigation: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: a component declares the properties that the parts of its path become
  readonly component: ComponentType<any>;
};

export const routes: readonly PageRoute[] = [
  { path: '/console', title: 'Flow', isInNavigation: true, component: FlowPage },
  { path: '/console/customers', title: 'Customers', isInNavigation: true, component: CustomersPage },
  { path: '/console/customers/new', title: 'Register a customer', isInNavigation: false, component: NewCustomerPage },
  { path: '/console/customers/:customerId', title: 'Customer', isInNavigation: false, component: CustomerPage },
  { path: '/console/connections', title: 'Connection', isInNavigation: true, component: FindConnectionPage },
  { path: '/console/connections/:connectionId', title: 'Connection', isInNavigation: false, component: ConnectionPage },
  { path: '/console/imports', title: 'Imports', isInNavigation: true, component: ImportsPage },
  { path: '/console/imports/:importId', title: 'Import', isInNavigation: false, component: ImportPage },
  { path: '/console/orders', title: 'Orders', isInNavigation: true, component: OrdersPage },
  { path: '/console/orders/new', title: 'Place an order', isInNavigation: false, component: NewOrderPage },
  { path: '/console/orders/:orderId', title: 'Order', isInNavigation: false, component: OrderPage },
  { path: '/console/reports', title: 'Reports', isInNavigation: true, component: ReportsPage },
  { path: '/console/greetings', title: 'Greetings', isInNavigation: true, component: GreetingsPage },
  { path: '/console/operations', title: 'Operations', isInNavigation: true, component: OperationsPage },
];

/** Finds the page of a path. A slash at its end makes no difference. */
export const findPage = (
  pathname: string,
  pages: readonly PageRoute[] = routes,
): { readonly page: PageRoute; readonly parameters: Readonly<Record<string, string>> } | undefined => {
  for (const page of pages) {
    const parameters = match(page.path, pathname.replace(/(.)\/+$/, '$1'));
    if (parameters) return { page, parameters };
  }
  return undefined;
};

const match = (path: string, pathname: string): Record<string, string> | undefined => {
  const expected = path.split('/');
  const parts = pathname.split('/');
  if (parts.length !== expected.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [n, name] of expected.entries()) {
    const part = parts[n] as string;
    if (name.startsWith(':')) {
      const decoded = decode(part);
      if (!decoded) return undefined;
      parameters[name.slice(1)] = decoded;
    } else if (part !== name) return undefined;
  }
  return parameters;
};

const decode = (part: string): string | undefined => {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
};
