import { expect, it } from 'vitest';
import { createPlan } from './plan.ts';

const [full, quick] = [createPlan({ quick: false, seed: 1 }), createPlan({ quick: true, seed: 1 })];

it('measures the goals of a view on at least 600,000 events', () => {
  expect(full.many).toEqual({ seed: 1, events: 600_000, keys: 20_000 });
  expect(full.distinct).toEqual({ seed: 1, events: 600_000, keys: 600_000 });
});

it('needs several runs for a ratio, but not for a quick look at two versions', () => {
  expect(createPlan({ quick: false, seed: 1, compare: 'HEAD' }).repeats).toBe(3);
  expect(quick.repeats).toBe(2);
  expect(createPlan({ quick: true, seed: 1, compare: 'HEAD' }).repeats).toBe(1);
});

it('is smaller with --quick', () => {
  for (const work of ['many', 'labSubscriber', 'distinct', 'mysqlMany', 'mysqlDistinct', 'query', 'rebuild'] as const)
    expect(quick[work].events).toBeLessThan(full[work].events);
  expect(quick.importRows).toBeLessThan(full.importRows);
});

it('has the work of the seed', () => expect(createPlan({ quick: true, seed: 7 }).many.seed).toBe(7));
