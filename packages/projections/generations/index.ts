export { asCheckpointDocument, checkpointKey, isDiscarded } from './checkpoint-document.ts';
export { documentKey, type Generation } from './generation.ts';
export { readPointer } from './pointer.ts';
export { createStores, type StoreContext, type Stores } from './stores.ts';
