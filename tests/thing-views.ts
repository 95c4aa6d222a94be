import type { DatabaseUrl } from '../packages/database/database-url.ts';
import { openViewDatabase, type ViewTable } from '../packages/view-database/view-database.ts';
import type { Thing } from './things.ts';

/** A thing may be erased: then it has no owner any more. */
export type OwnedThing = Thing & { readonly owner?: string; readonly isErased?: true };

const thingTables = {
  things: {
    columns: {
      n: { type: 'bigint', of: ({ n }) => n },
      owner: { type: 'varchar(100)', of: ({ owner }) => owner },
    },
    indexes: [['owner', 'n']],
    isErased: ({ isErased }) => isErased === true,
  } satisfies ViewTable<OwnedThing>,
};

const silent = { warn: () => {} };

/** Opens a database with the view `things`. */
export const openThingViews = (url: DatabaseUrl, purgeDelayMs = 0) =>
  openViewDatabase({ url, variable: 'THINGS_DATABASE_URL' }, thingTables, { log: silent, purgeDelayMs });
