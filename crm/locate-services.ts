import type { LocateServices } from '../console/console.ts';
import { serviceAddresses } from '../contracts/service-addresses.ts';
import { locateAnyInstance } from '../packages/platform/locate-service.ts';

/**
 * Finds the services that the console calls, as the commands find them. The CRM itself calls none of them.
 * @throws ConfigError if a variable with a URL has none
 */
export const createServiceLocator =
  (env: Readonly<Record<string, string | undefined>>): LocateServices =>
  () => ({
    iotPlatform: locateAnyInstance(serviceAddresses.iotPlatform, env),
    customerView: locateAnyInstance(serviceAddresses.customerView, env),
  });
