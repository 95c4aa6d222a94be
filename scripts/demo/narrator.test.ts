import { expect, it, vi } from 'vitest';
import { createNarrator } from './narrator.ts';

const createTestNarrator = (hasColours: boolean, pauseMs: number, signal = new AbortController().signal) => {
  const lines: string[] = [];
  return { lines, narrator: createNarrator({ print: (line) => lines.push(line), hasColours, pauseMs, signal }) };
};

it('numbers the steps, and indents commands and answers', async () => {
  const { lines, narrator } = createTestNarrator(false, 0);
  await narrator.step('Start');
  narrator.command('npm start');
  narrator.answer('one\n\ntwo');
  narrator.explain('It runs.');
  await narrator.step('Stop');
  expect(lines).toEqual(['1. Start', '  $ npm start', '  one\n\n  two', 'It runs.', '\n2. Stop']);
});

it('has colours only if they are wanted', async () => {
  const { lines, narrator } = createTestNarrator(true, 0);
  await narrator.step('Start');
  expect(lines).toEqual(['\u001b[1m1. Start\u001b[22m']);
});

it('waits before each step but the first, and ends when it is interrupted', async () => {
  vi.useFakeTimers();
  const ending = new AbortController();
  const { lines, narrator } = createTestNarrator(false, 5_000, ending.signal);
  await narrator.step('Start');
  const second = narrator.step('Change');
  await vi.advanceTimersByTimeAsync(4_999);
  expect(lines).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  await second;
  expect(lines).toHaveLength(2);
  const third = narrator.step('Kill');
  ending.abort();
  await expect(third).rejects.toThrow();
  expect(lines).toHaveLength(2);
  vi.useRealTimers();
});
