import { setTimeout as delay } from 'node:timers/promises';

/**
 * Starts work `perSecond` times a second for `seconds`, at fixed times whether or not earlier work has ended.
 * @throws the error of the first work that fails, when all have ended
 */
export const runAtRate = async <Outcome>(
  { perSecond, seconds }: { perSecond: number; seconds: number },
  work: () => Promise<Outcome>,
): Promise<Outcome[]> => {
  const began = performance.now();
  const started: Promise<PromiseSettledResult<Outcome>>[] = [];
  while (started.length < seconds * perSecond) {
    const due = began + (started.length * 1000) / perSecond;
    const early = due - performance.now();
    if (early > 0) await delay(early);
    started.push(
      work().then(
        (value) => ({ status: 'fulfilled', value }),
        (reason: unknown) => ({ status: 'rejected', reason }),
      ),
    );
  }
  return (await Promise.all(started)).map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
};
