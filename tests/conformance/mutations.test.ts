import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { mandates } from '../../iot-platform/mandates/materialise.ts';
import { gapMutations } from './gap-mutations.ts';
import { readingMutations } from './reading-mutations.ts';
import { ruleMutations } from './rule-mutations.ts';
import { runCase, type Subscriber } from './run-case.ts';
import { readVectors } from './vectors.ts';

const themes = readVectors();

/** Returns the names of the cases of a theme in which the subscriber answers anything else. */
const findFailures = async (subscriber: Subscriber, theme: string): Promise<string[]> => {
  const vectors = themes.get(theme);
  if (!vectors) throw new Error(`no vectors are about ${theme}`);
  const failures: string[] = [];
  for (const one of vectors.cases) {
    const outcome = await runCase(subscriber, vectors, one, one.deliveries);
    if (!isDeepStrictEqual(outcome, one.expect)) failures.push(one.name);
  }
  return failures;
};

it.each([...themes.keys()])('the vectors of %s find nothing in the view as it is', async (theme) => {
  expect(await findFailures({ projection: mandates }, theme)).toEqual([]);
});

it.each(
  Object.entries({ ...ruleMutations, ...readingMutations, ...gapMutations }),
)('the vectors find a subscriber in which %s', async (_, { subscriber, foundBy }) => {
  expect(await findFailures(subscriber, foundBy)).not.toEqual([]);
});
