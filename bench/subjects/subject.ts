import type { Usage } from '../measure/usage.ts';
import type { Work } from '../work.ts';

/** One pass over the whole topic, from the first event to the last one that the view shows. */
export type Pass = { events: number; seconds: number; usage: Usage };

/** Who materialises the topic. `configuration` says how it was run, for the reader of the results. */
export type Contestant = {
  readonly id: string;
  readonly title: string;
  readonly configuration: string;
  /** Starts with nothing, reads the topic to its end, has every last value checked. @throws Error when one is wrong */
  pass(work: Work): Promise<Pass>;
};
