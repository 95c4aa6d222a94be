import { serviceAddresses } from '../contracts/service-addresses.ts';
import { withLockTimeout } from '../packages/database/sqlite-dialect.ts';
import type { Service } from '../packages/platform/service.ts';
import {
  startViewService,
  type ViewAppContext,
  type ViewServiceConfig,
  type ViewServiceContext,
} from '../packages/platform/view-service/index.ts';
import { createCustomerViewApp } from './app.ts';
import type { CustomerViewConfig } from './config.ts';
import { openInstanceRegistry } from './instances/index.ts';
import { customerViews } from './projections.ts';
import { openCustomerViewDatabase } from './view-database.ts';

/** A request waits at most this long for a lock of another transaction; then it is answered with 503. */
const requestLockWaitMs = 150;

/** Opens the view database and starts the customer-view. @throws ConfigError when the database or a port cannot be used */
export const startCustomerView = async (
  config: ViewServiceConfig & Pick<CustomerViewConfig, 'databaseUrl'>,
  context: Omit<ViewServiceContext, 'store' | 'secondaryStore'>,
): Promise<Service & { url: string }> => {
  const database = await openCustomerViewDatabase(config.databaseUrl, context);
  const db = withLockTimeout(database.db, requestLockWaitMs);
  const instances = await openInstanceRegistry(database.db.withTables<never>(), context);
  const close = async () => {
    await instances.close();
    await database.close();
  };
  const description = {
    address: serviceAddresses.customerView,
    views: customerViews,
    createApp: (app: ViewAppContext) => createCustomerViewApp({ ...app, db, instances }),
  };
  try {
    const service = await startViewService(description, config, { ...context, store: database.store });
    instances.announce(service.url);
    return { url: service.url, close: () => service.close().then(close) };
  } catch (error) {
    await close();
    throw error;
  }
};
