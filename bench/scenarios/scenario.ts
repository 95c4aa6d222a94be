import type { Plan } from '../plan.ts';
import type { Result } from '../result.ts';
import type { Checkout } from '../stack/checkout.ts';

/** Prints progress, which replaces the previous text at a terminal. */
export type Progress = (text: string) => void;

/**
 * Measures the versions of this project in turns, and stops all processes that it started.
 * @param checkouts this version, and the one that it is compared with, if any
 * @throws Error when a measured result is wrong
 */
export type Scenario = (plan: Plan, progress: Progress, checkouts: readonly Checkout[]) => Promise<Result[]>;
