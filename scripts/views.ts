import { existsSync } from 'node:fs';
import { serviceAddresses } from '../contracts/service-addresses.ts';
import { readCustomerViewConfig } from '../customer-view/config.ts';
import { customerViews } from '../customer-view/projections.ts';
import { openCustomerViewDatabase } from '../customer-view/view-database.ts';
import { readIotPlatformConfig } from '../iot-platform/config.ts';
import { iotPlatformViews } from '../iot-platform/projections.ts';
import { sqliteFileOf } from '../packages/database/database-url.ts';
import type { ServiceAddress } from '../packages/platform/locate-service.ts';
import type { CommandTarget } from '../packages/platform/open-adapters.ts';
import { type RegisteredView, topicsOf } from '../packages/platform/views.ts';
import { ConfigError } from '../packages/runtime/config-error.ts';
import type { ConsumerId } from './components.ts';

/** A service with views: its app-id, how to open its log and stores, and how it is found. */
export type ViewService = CommandTarget & {
  readonly appId: ConsumerId;
  readonly address: ServiceAddress;
};

export type ServiceView = RegisteredView & { readonly service: ViewService };

export const iotPlatform: ViewService = {
  appId: 'iot-platform',
  name: 'IoT platform',
  sidecarPort: 3908,
  topics: topicsOf(iotPlatformViews),
  readConfig: readIotPlatformConfig,
  address: serviceAddresses.iotPlatform,
};

const openCustomerViews = async (env: NodeJS.ProcessEnv) => {
  const { databaseUrl } = readCustomerViewConfig(env);
  const file = sqliteFileOf(databaseUrl);
  if (databaseUrl === 'memory' || (file !== undefined && !existsSync(file)))
    throw new ConfigError(
      `There is no ${file ?? 'file'} with the views of the customer-view: start it, or set CUSTOMER_VIEW_DATABASE_URL as for the service.`,
    );
  return openCustomerViewDatabase(databaseUrl, { log: console });
};

const customerView: ViewService = {
  appId: 'customer-view',
  name: 'customer-view',
  sidecarPort: 3920,
  topics: topicsOf(customerViews),
  readConfig: readCustomerViewConfig,
  openDatabase: openCustomerViews,
  address: serviceAddresses.customerView,
};

const viewsOf = (service: ViewService, registered: readonly RegisteredView[]): readonly ServiceView[] =>
  registered.map((view) => ({ ...view, service }));

/** The views of all services, for the commands. Add a line for each service with views. */
export const views: readonly ServiceView[] = [
  ...viewsOf(iotPlatform, iotPlatformViews),
  ...viewsOf(customerView, customerViews),
];

export const viewOption = { view: { type: 'string' } } as const;

/** Finds the view of that name; without a name the default view. @throws Error that lists the names */
export const findView = (all: readonly ServiceView[], name: string | undefined): ServiceView => {
  const found = all.find(({ projection, isDefault }) => (name === undefined ? isDefault : projection.name === name));
  if (found) return found;
  throw new Error(
    `There is no view ${name}. --view NAME with one of: ${all.map(({ projection }) => projection.name).join(', ')}.`,
  );
};

/** The names of the views for the help of a command. */
export const listNames = (all: readonly ServiceView[]): string =>
  all.map(({ projection: { name }, isDefault }) => (isDefault ? `${name} (the default)` : name)).join(', ');
