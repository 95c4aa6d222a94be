import type { Usage } from './measure/usage.ts';
import type { ScenarioId } from './options.ts';

/** The project's goal, in the result's unit. */
export type Goal = { atLeast: number } | { atMost: number };

/** One figure that was measured several times. */
export type Result = {
  readonly scenario: ScenarioId;
  /** Unique within the scenario, as in `ours-fast`. */
  readonly id: string;
  readonly title: string;
  readonly configuration: string;
  readonly unit: 'events/s' | 'requests/s' | 'operations/s' | 'ms' | 's' | 'MB' | 'times';
  readonly values: readonly number[];
  /** The usage of the median run. */
  readonly usage?: Usage;
  readonly goal?: Goal;
};
