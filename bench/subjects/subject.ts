import type { Usage } from '../measure/usage.ts';
import type { Work } from '../work.ts';

/** One run over the whole topic, from the first event to the last one that the view shows. */
export type Run = { events: number; seconds: number; usage: Usage };

/** A program that materialises the topic. `configuration` describes it in the results. */
export type Subject = {
  readonly id: string;
  readonly title: string;
  readonly configuration: string;
  /** Reads the topic from the first to the last event into an empty view, and checks the view. @throws Error when it is wrong */
  run(work: Work): Promise<Run>;
};
