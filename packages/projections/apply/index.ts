export { parseBatch } from './parse-batch.ts';
export { createProjectionWriter } from './write.ts';
