import type { DatabaseUrl } from '../packages/database/database-url.ts';
import { withKeyPrefix } from '../packages/projections/key-prefix.ts';
import { openViewDatabase, type PurgeOptions, type ViewTable } from '../packages/view-database/view-database.ts';
import type { Thing } from './things.ts';

/** A thing with an owner, whose name is removed when the thing is erased. */
export type OwnedThing = Thing & { readonly owner?: string; readonly isErased?: true };

const columns = {
  n: { type: 'bigint', of: ({ n }) => n },
} satisfies ViewTable<OwnedThing>['columns'];

const thingTables = {
  things: {
    columns,
    indexes: [['n']],
    isErased: ({ isErased }) => isErased === true,
  } satisfies ViewTable<OwnedThing>,
};

/** The tables of a later release, which has another column and index. */
const laterThingTables = {
  things: {
    ...thingTables.things,
    columns: { ...columns, owner: { type: 'varchar(100)', of: ({ owner }) => owner } },
    indexes: [['n'], ['owner', 'n']],
  } satisfies ViewTable<OwnedThing>,
};

const addressOf = (url: DatabaseUrl) => ({ url, variable: 'THINGS_DATABASE_URL' });
const silent = { warn: () => {} };

/** Opens a database with the view `things`, of which `things` is the state store without key prefix. */
export const openThingViews = async (url: DatabaseUrl, options: Partial<PurgeOptions> = {}) => {
  const views = await openViewDatabase(addressOf(url), thingTables, { log: silent, purgeDelayMs: 0, ...options });
  return { ...views, things: withKeyPrefix(views.store, 'things/') };
};

export const openLaterThingViews = (url: DatabaseUrl) =>
  openViewDatabase(addressOf(url), laterThingTables, { log: silent });
