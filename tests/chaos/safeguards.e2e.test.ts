import { describe, expect, it } from 'vitest';
import { isStackReady } from '../stack/stack.ts';
import { withoutSafeguard } from './safeguards.ts';
import { runCrmKilledAfterAnswer, runLateWriter, runStoreRestore } from './scenarios.ts';

describe.runIf(await isStackReady())('the checks of the chaos test', () => {
  it('find nothing when a writer resumes late and its compare-and-set is refused', async () => {
    expect(await runLateWriter({})).toEqual([]);
  });

  it('find the view that went back when writes are no compare-and-set', async () => {
    const wrong = await runLateWriter(withoutSafeguard('precondition'));
    for (const instance of ['IoT platform 2', 'IoT platform 4'])
      expect(wrong).toContainEqual(expect.stringMatching(`^${instance} showed revision \\d+ of 2 after \\d+`));
  });

  it('find nothing when the CRM is killed right after its answer and the outbox has the event', async () => {
    expect(await runCrmKilledAfterAnswer({})).toEqual([]);
  });

  it('find the answered change that is lost when the event is not in the transaction', async () => {
    const wrong = await runCrmKilledAfterAnswer(withoutSafeguard('outbox'));
    expect(wrong).toContainEqual(expect.stringMatching('^answered, but not in the log: 1 '));
    expect(wrong).toContainEqual(expect.stringMatching('^IoT platform 1 shows 2 under revision \\d+ of 1, not 0'));
  });

  it('find nothing when a store is restored from an older copy and its checkpoint shows the gap', async () => {
    expect(await runStoreRestore({})).toEqual([]);
  });

  it('find the wrong view that does not refuse when there is no checkpoint', async () => {
    const wrong = await runStoreRestore(withoutSafeguard('checkpoint'));
    expect(wrong).toEqual([expect.stringMatching('^IoT platform 1 shows 2 under revision \\d+ of 1, not 0')]);
  });
});
