export { checkpointKey } from './checkpoint-document.ts';
export type { Generation } from './generation.ts';
export { type StoreContext, type Stores, storesOf } from './stores.ts';
