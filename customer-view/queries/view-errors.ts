import { databaseErrorCodes } from '../../packages/database/database-error.ts';

/** The codes with which a view refuses to answer. */
export const viewErrors = [
  'view-incomplete',
  'view-rebuilding',
  'record-dead-lettered',
  'log-unavailable',
  ...databaseErrorCodes,
];
