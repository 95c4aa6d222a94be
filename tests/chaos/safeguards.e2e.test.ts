import { describe, expect, it } from 'vitest';
import { stackReady } from '../stack/stack.ts';
import { without } from './safeguards.ts';
import { aStoreIsRestored, aWriterWakesUpLate, killedAfterItsAnswer } from './scenarios.ts';

describe.runIf(await stackReady())('the torture’s checks', () => {
  it('find nothing when a writer wakes up late, and its guard refuses it', async () => {
    expect(await aWriterWakesUpLate({})).toEqual([]);
  });

  it('find the view that went back when writes have no guard', async () => {
    const wrong = await aWriterWakesUpLate(without('guard'));
    for (const member of ['IoT platform 2', 'IoT platform 4'])
      expect(wrong).toContainEqual(expect.stringMatching(`^${member} showed revision \\d+ of 2 after \\d+`));
  });

  it('find nothing when the CRM is killed right after its answer, and the outbox has the event', async () => {
    expect(await killedAfterItsAnswer({})).toEqual([]);
  });

  it('find the change that was answered and lost when the event is not in the transaction', async () => {
    const wrong = await killedAfterItsAnswer(without('outbox'));
    expect(wrong).toContainEqual(expect.stringMatching('^answered, but not in the log: 1 '));
    expect(wrong).toContainEqual(expect.stringMatching('^IoT platform 1 shows 2 under revision \\d+ of 1, not 0'));
  });

  it('find nothing when a store is put back to an older copy, and its position says so', async () => {
    expect(await aStoreIsRestored({})).toEqual([]);
  });

  it('find the view that is wrong and says nothing when there is no position', async () => {
    const wrong = await aStoreIsRestored(without('position'));
    expect(wrong).toEqual([expect.stringMatching('^IoT platform 1 shows 2 under revision \\d+ of 1, not 0')]);
  });
});
