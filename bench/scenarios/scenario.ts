import type { Plan } from '../plan.ts';
import type { Result } from '../result.ts';

/** Prints progress, which replaces the previous text at a terminal. */
export type Progress = (text: string) => void;

/** Measures, and stops all processes that it started. @throws Error when a measured result is wrong */
export type Scenario = (plan: Plan, progress: Progress) => Promise<Result[]>;
