import type { PersonalData } from '../crm/customers/index.ts';

/** An export as the one object that the API answers. */
export const asObject = async ({ record, lists }: PersonalData): Promise<Record<string, unknown>> => {
  const object: Record<string, unknown[]> = {};
  for (const [place, items] of Object.entries(lists)) {
    const rows: unknown[] = [];
    object[place] = rows;
    for await (const some of items) rows.push(...some);
  }
  return { ...record, ...object };
};
