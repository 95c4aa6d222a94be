/** What the lists share: pages, cursors, sort orders and periods. */
export { type Cursor, readCursor, writeCursor } from './cursor.ts';
export { afterCursor, type SortOrder } from './keyset.ts';
export { createNextPath, createPageSchema, pageParameters } from './page.ts';
export { type Period, periodParameters } from './period.ts';
