export { checkpointKey } from './checkpoint-document.ts';
export { documentKey, type Generation, parseDocumentKey } from './generation.ts';
export { createStores, type StoreContext, type Stores } from './stores.ts';
