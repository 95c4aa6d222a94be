import { describe, expect, it, vi } from 'vitest';
import { backoff, retry } from './retry.ts';

const failure = new Error('busy');
const isFailure = (error: unknown): error is Error => error === failure;
const policy = { while: isFailure, backoff: backoff({ firstMs: 1, maxMs: 3 }) };
/** Longer than the timeout of a test. */
const tooLongMs = 600_000;

/** Fails the given number of times, then returns the number of the attempt. */
const createFailingWork = (times: number) => {
  let attempts = 0;
  return vi.fn(async () => {
    if (++attempts <= times) throw failure;
    return attempts;
  });
};

describe('backoff', () => {
  it('doubles the pause with each failure, up to the maximum', () => {
    const pause = backoff({ firstMs: 100, maxMs: 5_000 });
    expect([1, 2, 3, 6, 7, 5_000].map(pause)).toEqual([100, 200, 400, 3_200, 5_000, 5_000]);
  });

  it('grows by another factor if given', () => {
    const pause = backoff({ firstMs: 2, maxMs: 20, factor: 1.5 });
    expect([1, 2, 3, 9].map(pause)).toEqual([2, 3, 4.5, 20]);
  });
});

describe('retry', () => {
  it('repeats the work with the pauses of the backoff until it succeeds', async () => {
    const pauses: number[] = [];
    expect(await retry(createFailingWork(4), { ...policy, onRetry: (_, pauseMs) => pauses.push(pauseMs) })).toBe(5);
    expect(pauses).toEqual([1, 2, 3, 3]);
  });

  it('throws a permanent failure at once', async () => {
    const work = vi.fn(() => Promise.reject(new Error('wrong')));
    await expect(retry(work, policy)).rejects.toThrow('wrong');
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('passes the failure to the backoff', async () => {
    const pauses: number[] = [];
    await retry(createFailingWork(2), {
      while: isFailure,
      backoff: (failures, { message }) => failures * message.length,
      onRetry: (_, pauseMs) => pauses.push(pauseMs),
    });
    expect(pauses).toEqual([4, 8]);
  });

  it('throws the last failure after the given number of attempts', async () => {
    const work = createFailingWork(5);
    await expect(retry(work, { ...policy, attempts: 3 })).rejects.toBe(failure);
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('throws if the next pause would end after the timeout', async () => {
    const work = createFailingWork(5);
    const growing = backoff({ firstMs: 1, maxMs: tooLongMs, factor: tooLongMs });
    await expect(retry(work, { ...policy, backoff: growing, timeoutMs: tooLongMs / 2 })).rejects.toBe(failure);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('ends its pause when it is aborted, and throws the failure', async () => {
    const stop = new AbortController();
    const work = createFailingWork(5);
    await expect(
      retry(work, {
        ...policy,
        backoff: () => tooLongMs,
        signal: stop.signal,
        onRetry: () => setImmediate(() => stop.abort()),
      }),
    ).rejects.toBe(failure);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('tries only once if it is already aborted', async () => {
    const work = createFailingWork(5);
    await expect(retry(work, { ...policy, signal: AbortSignal.abort() })).rejects.toBe(failure);
    expect(work).toHaveBeenCalledTimes(1);
  });
});
