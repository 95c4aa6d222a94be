import { expect, it } from 'vitest';
import { countApplied } from './stored-checkpoints.ts';

const checkpoint = (applied: number) => ({ applied, missing: [] });

it('counts the events of all partitions in the first generation', () =>
  expect(
    countApplied([
      { generations: { 1: checkpoint(9), 2: checkpoint(3) }, mark: 'a' },
      { generations: { 1: checkpoint(-1) } },
      checkpoint(4),
      undefined,
    ]),
  ).toBe(15));
