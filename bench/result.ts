import type { ScenarioId } from './options.ts';

type Unit = 'events/s' | 'requests/s' | 'operations/s' | 'rows/s' | 'ms' | 's' | 'MB' | 'times';

/** CPU time in µs per event and peak memory in MB, by the name of the process. */
export type Cost = Record<string, { microseconds: number; megabytes: number }>;

/** The project's goal, in the result's unit. */
export type Goal = { atLeast: number } | { atMost: number };

/** One figure that was measured several times. */
export type Result = {
  readonly scenario: ScenarioId;
  /** Unique within the scenario, as `ours-fast`; the same figure of the compared version is `compared-fast`. */
  readonly id: string;
  readonly title: string;
  readonly configuration: string;
  readonly unit: Unit;
  readonly values: readonly number[];
  /** The cost of the median run. */
  readonly cost?: Cost;
  readonly goal?: Goal;
};
