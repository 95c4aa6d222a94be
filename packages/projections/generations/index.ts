export { documentKey, type Generation } from './generation.ts';
export { readPointer } from './pointer.ts';
export { asPositionDocument, isDiscarded, positionKey } from './position-document.ts';
export { type StoreContext, type Stores, storesOf } from './stores.ts';
