export {
  defaultPauses,
  describeGeneration,
  noProgress,
  type Progress,
  type RebuildContext,
  RebuildInProgress,
  RebuildRefused,
} from './context.ts';
export type { Snapshot } from './fill.ts';
export type { Source } from './find-mismatches.ts';
export { type Findings, preflight } from './preflight.ts';
export { abandon, type RebuildOutcome, rebuild } from './rebuild.ts';
export { retire } from './remove.ts';
export { findSwitchBackTarget, switchBack } from './switch.ts';
