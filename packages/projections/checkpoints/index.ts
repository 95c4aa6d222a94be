export type { Checkpoint } from './checkpoint.ts';
