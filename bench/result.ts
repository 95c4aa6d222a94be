import type { Usage } from './measure/usage.ts';
import type { ScenarioId } from './options.ts';

/** `atLeast` or `atMost`: what this project set itself, in the result's unit. */
export type Goal = { atLeast: number } | { atMost: number };

/** One thing measured several times. */
export type Result = {
  readonly scenario: ScenarioId;
  /** Unique within the scenario, as in `ours-fast`. */
  readonly id: string;
  readonly title: string;
  readonly configuration: string;
  readonly unit: 'events/s' | 'requests/s' | 'operations/s' | 'ms' | 's' | 'MB' | 'times';
  readonly values: readonly number[];
  /** Of the pass in the middle. */
  readonly usage?: Usage;
  readonly goal?: Goal;
};
