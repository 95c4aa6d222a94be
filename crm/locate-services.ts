import type { LocateServices } from '../console/console.ts';
import { serviceAddresses } from '../contracts/service-addresses.ts';
import { locateService } from '../packages/platform/locate-service.ts';

/** Finds the services that the console calls, as the commands find them. The CRM itself calls none of them. */
export const createServiceLocator =
  (env: Readonly<Record<string, string | undefined>>): LocateServices =>
  () => ({
    iotPlatform: locateService(serviceAddresses.iotPlatform, env).url,
    customerView: locateService(serviceAddresses.customerView, env).url,
  });
