import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { gapMutations } from './gap-mutations.ts';
import { readingMutations } from './reading-mutations.ts';
import { ruleMutations } from './rule-mutations.ts';
import { runCase, type Subscriber } from './run-case.ts';
import { readVectors } from './vectors.ts';

const themes = readVectors();

/** Whether the subscriber answers anything else in a case of the theme. `vectors.test.ts` shows that the view as it is does not. */
const isFound = async (subscriber: Subscriber, theme: string): Promise<boolean> => {
  const vectors = themes.get(theme);
  if (!vectors) throw new Error(`no vectors are about ${theme}`);
  for (const one of vectors.cases)
    if (!isDeepStrictEqual(await runCase(subscriber, vectors, one, one.deliveries), one.expect)) return true;
  return false;
};

it.each(
  Object.entries({ ...ruleMutations, ...readingMutations, ...gapMutations }),
)('the vectors find a subscriber in which %s', async (_, { subscriber, foundBy }) => {
  expect(await isFound(subscriber, foundBy)).toBe(true);
});
