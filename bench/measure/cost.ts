import type { Cost } from '../result.ts';
import type { Run } from '../subjects/subject.ts';

/** The CPU time of an event in each process, and the peak memory of each process. */
export const costOf = ({ usage, seconds, events }: Run): Cost =>
  Object.fromEntries(
    Object.entries(usage).map(([name, { cores, megabytes }]) => [
      name,
      { microseconds: (cores * seconds * 1e6) / events, megabytes },
    ]),
  );
