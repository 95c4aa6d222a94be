export { discardLetters, filterOpen, findWithheld } from './dead-letters.ts';
export { openKnownKeys } from './from-source.ts';
export { openRebuildLog, openSource, prepareRebuild } from './prepare-rebuild.ts';
export { createRebuildContext, nameViewIn } from './rebuild-context.ts';
export type { RebuildRequest } from './rebuild-request.ts';
