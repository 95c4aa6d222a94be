import type { ViewTable } from '../../packages/view-database/view-database.ts';
import type { Registration } from './registration.ts';

export const registrationsTable = {
  columns: {
    month: { type: 'varchar(7)', of: ({ registeredAt }: Registration) => registeredAt.slice(0, 7) },
  },
  indexes: [['month']],
} as const satisfies ViewTable<Registration>;
