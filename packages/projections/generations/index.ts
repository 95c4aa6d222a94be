export { checkpointKey } from './checkpoint-document.ts';
export { documentKey, type Generation, parseDocumentKey } from './generation.ts';
export { type Pointer, readPointer } from './pointer.ts';
export { createStores, type StoreContext, type Stores } from './stores.ts';
