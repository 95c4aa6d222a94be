export { type DriftWatch, watchDrift } from './watch-drift.ts';
