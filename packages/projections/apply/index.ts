export { parseBatch } from './parse-batch.ts';
export { projectionWriter } from './write.ts';
