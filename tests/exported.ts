import type { PersonalData } from '../crm/customers/index.ts';

/** An export as the one object that the API answers. */
export const asObject = async ({ record, held }: PersonalData): Promise<Record<string, unknown>> => {
  const lists: Record<string, unknown[]> = {};
  for (const [place, items] of Object.entries(held)) {
    lists[place] = [];
    for await (const some of items) lists[place].push(...some);
  }
  return { ...record, ...lists };
};
