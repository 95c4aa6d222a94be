export { type DriftDetection, startDriftDetection } from './detect-drift.ts';
