import type { Plan } from '../plan.ts';
import type { Result } from '../result.ts';

/** Says how far it is: replaces what it said before, where that can be. */
export type Progress = (text: string) => void;

/** Leaves nothing running. @throws Error when something measured was not right */
export type Scenario = (plan: Plan, progress: Progress) => Promise<Result[]>;
