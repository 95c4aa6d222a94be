import { serviceAddresses } from '../../contracts/service-addresses.ts';
import { readCrmConfig } from '../../crm/config.ts';
import { readCustomerViewConfig } from '../../customer-view/config.ts';
import { readIotPlatformConfig } from '../../iot-platform/config.ts';
import type { DatabaseUrl } from '../../packages/database/database-url.ts';
import type { ServiceAddress } from '../../packages/platform/locate-service.ts';
import type { ConsumerId } from '../components.ts';
import type { MemberId } from '../lab/settings.ts';
import { type ServiceView, views } from '../views.ts';

type Env = NodeJS.ProcessEnv;

/** The part of a service's configuration that checks use. */
export type CheckedConfig = {
  readonly dataDir: string;
  readonly pubsub: string;
  readonly databaseUrl?: DatabaseUrl;
  readonly stateStoreName?: string;
  readonly consumerGroup?: string;
};

/** A service of this project, as a table row: how it is found, configured and started, and its views. */
export type ServiceRow = {
  readonly id: MemberId;
  /** Its id, where it consumes events. */
  readonly consumerId?: ConsumerId;
  readonly address: ServiceAddress;
  readonly readConfig: (env: Env) => CheckedConfig;
  readonly databaseVariable?: string;
  readonly views: readonly ServiceView[];
};

const viewsOf = (id: MemberId) => views.filter(({ service }) => service.appId === id);

export const serviceRows: readonly ServiceRow[] = [
  {
    id: 'crm',
    address: serviceAddresses.crm,
    readConfig: readCrmConfig,
    databaseVariable: 'CRM_DATABASE_URL',
    views: [],
  },
  {
    id: 'iot-platform',
    consumerId: 'iot-platform',
    address: serviceAddresses.iotPlatform,
    readConfig: readIotPlatformConfig,
    views: viewsOf('iot-platform'),
  },
  {
    id: 'customer-view',
    consumerId: 'customer-view',
    address: serviceAddresses.customerView,
    readConfig: readCustomerViewConfig,
    databaseVariable: 'CUSTOMER_VIEW_DATABASE_URL',
    views: viewsOf('customer-view'),
  },
];
