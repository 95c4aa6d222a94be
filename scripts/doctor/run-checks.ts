import { setTimeout as delay } from 'node:timers/promises';
import type { Deployment } from './deployment.ts';
import { type Finding, type NamedFinding, skipped } from './finding.ts';

/** One row of the table of checks. */
export type Check = {
  readonly name: string;
  /** What to type if the check itself fails or does not end. */
  readonly remedy: string;
  run(deployment: Deployment): Promise<readonly Finding[]>;
};

/** Creates a check that reads facts, and a pure function that turns them into findings. */
export const createCheck = <Facts>(
  { name, remedy }: Pick<Check, 'name' | 'remedy'>,
  read: (deployment: Deployment) => Promise<Facts> | Facts,
  assess: (facts: Facts) => readonly Finding[],
): Check => ({ name, remedy, run: async (deployment) => assess(await read(deployment)) });

/** Together with finding the services, doctor ends within 10 seconds. */
const defaultTimeoutMs = 5_000;

/** Runs all checks at the same time. A check that fails or does not end in time is skipped with its reason. */
export const runChecks = async (
  checks: readonly Check[],
  deployment: Deployment,
  timeoutMs = defaultTimeoutMs,
): Promise<readonly NamedFinding[]> => {
  const outcomes = await Promise.all(
    checks.map(async ({ name, remedy, run }) => {
      const late = delay(timeoutMs, [skipped(`not checked: no result within ${timeoutMs / 1_000} s`, remedy)], {
        ref: false,
      });
      const made = Promise.resolve()
        .then(() => run(deployment))
        .catch((error: Error) => [skipped(`not checked: ${error.message}`, remedy)]);
      const findings = await Promise.race([made, late]);
      return findings.map((finding) => ({ check: name, ...finding }));
    }),
  );
  return outcomes.flat();
};
