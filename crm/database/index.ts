export type { CrmDatabase } from './schema.ts';
