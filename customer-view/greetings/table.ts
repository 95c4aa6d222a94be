import type { ViewTable } from '../../packages/view-database/view-database.ts';
import type { Greeting } from './greeting.ts';

export const greetingsTable = {
  columns: { postedAt: { type: 'bigint', of: ({ postedAt }: Greeting) => Date.parse(postedAt) } },
  indexes: [['postedAt']],
} as const satisfies ViewTable<Greeting>;
