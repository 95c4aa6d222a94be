/** What all queries share: the database schema, versions, pages, sort orders and periods. */
export { type Cursor, readCursor, writeCursor } from './cursor.ts';
export type { CustomerViewDatabase } from './database.ts';
export { afterCursor } from './keyset.ts';
export { createNextPath, createPageParameters, createPageSchema } from './page.ts';
export { type Period, periodParameters } from './period.ts';
export { readAtLeast, readYourWrites } from './read-your-writes.ts';
export { viewErrors } from './view-errors.ts';
