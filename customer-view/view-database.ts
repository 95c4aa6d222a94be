import type { DatabaseUrl } from '../packages/database/database-url.ts';
import { openViewDatabase } from '../packages/view-database/view-database.ts';
import { viewTables } from './projections.ts';

/** Opens the database of the views, for the service and for the commands. @throws ConfigError when it cannot be used */
export const openCustomerViewDatabase = (url: DatabaseUrl, options: Parameters<typeof openViewDatabase>[2]) =>
  openViewDatabase({ url, variable: 'CUSTOMER_VIEW_DATABASE_URL' }, viewTables, options);
