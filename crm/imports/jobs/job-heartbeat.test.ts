import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createImportFixture } from '../../../tests/import-fixture.ts';
import { noon } from '../../../tests/test-runtime.ts';
import { createJob, findJob, listJobs } from '../import-job.ts';
import { importFile } from './import-once.ts';
import { heartbeatEveryMs, observeJobs, startHeartbeat, touchJobs } from './job-heartbeat.ts';

const dayMs = 86_400_000;
const perMinute = 60_000 / heartbeatEveryMs;

const createObserver = async () => {
  const { db, context, loadUntilKilled, killAfter, resume } = await createImportFixture();
  let clock = 0;
  const { failSilent } = observeJobs({ db, now: context.now, clock: () => clock });
  const create = (importId: string, foreground: 0 | 1 = 0, createdAt = noon) => {
    const fileInfo = { digest: 'd', bytes: 1, lines: 1, columns: ['firstName'], fileName: 'a.csv' };
    return createJob(db, { ...fileInfo, importId, createdAt }, { dryRun: false, onConflict: 'skip' }, foreground);
  };
  const beat = async (times: number, between: () => Promise<unknown> = async () => {}) => {
    for (let n = 0; n < times; n++) {
      await failSilent();
      clock += heartbeatEveryMs;
      await between();
    }
    await failSilent();
  };
  const stateOf = async (importId: string) => (await findJob(db, importId)).state;
  return { db, create, beat, stateOf, loadUntilKilled, killAfter, resume };
};

describe('an import of another process', () => {
  it.each([
    ['a day ahead', noon + dayMs],
    ['a day behind', noon - dayMs],
  ])('whose clock was %s fails after an hour without a heartbeat', async (_, createdAt) => {
    const { db, create, beat, stateOf } = await createObserver();
    await create('killed', 0, createdAt);
    await create('alive', 0, createdAt);
    const alive = () => touchJobs(db, ['alive']);
    await beat(60 * perMinute - 1, alive);
    expect(await stateOf('killed')).toBe('waiting');
    await beat(1, alive);
    expect(await findJob(db, 'killed')).toMatchObject({
      state: 'failed',
      finishedAt: noon,
      failure: expect.stringMatching(/no heartbeat for 60 minutes\. .*import the file again/),
    });
    expect(await stateOf('alive')).toBe('waiting');
  });

  it('in the foreground fails after a minute without a heartbeat, because no process can resume it', async () => {
    const { db, beat, loadUntilKilled, killAfter, create, stateOf } = await createObserver();
    killAfter(1);
    await loadUntilKilled([
      'customerId,firstName,lastName,city,connectionId,connectionMandate',
      '1,Eva,Vos,Delft,77,1',
    ]);
    await create('queued');
    const direct = () => db.selectFrom('importJob').selectAll().where('foreground', '=', 1).executeTakeFirstOrThrow();
    await beat(perMinute - 1);
    expect((await direct()).state).toBe('running');
    await beat(1);
    expect(await direct()).toMatchObject({ state: 'failed', failure: expect.stringContaining('for a minute') });
    expect(await stateOf('queued')).toBe('waiting');
  });

  it('does not fail as long as it sends heartbeats', async () => {
    const { db, create, beat, stateOf } = await createObserver();
    await create('direct', 1);
    for (let n = 0; n < 3; n++) {
      await beat(perMinute - 1);
      await touchJobs(db, ['direct']);
    }
    expect(await stateOf('direct')).toBe('waiting');
    await beat(perMinute);
    expect(await stateOf('direct')).toBe('failed');
  });
});

describe('an import in the foreground', () => {
  const fakeTimers = () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
  };

  it('sends heartbeats before its first row is committed', async () => {
    fakeTimers();
    const { db, create } = await createObserver();
    const { updatedAt } = await create('direct', 1);
    const heartbeat = startHeartbeat(db, 'direct');
    vi.advanceTimersByTime(heartbeatEveryMs);
    await heartbeat.close();
    expect((await findJob(db, 'direct')).updatedAt).toBe(updatedAt + 1);
  });

  it('sends heartbeats until it ends', async () => {
    fakeTimers();
    const { db, context, writeCsv } = await createImportFixture();
    const beats: number[] = [];
    const file = writeCsv(['firstName,lastName,city,connectionId,connectionMandate', 'Eva,Vos,Delft,77,1']);
    const onProgress = () => {
      vi.advanceTimersByTime(heartbeatEveryMs);
      beats.push(vi.getTimerCount());
    };
    await importFile(context, file, { dryRun: false, onConflict: 'skip' }, { onProgress });
    expect([...beats, vi.getTimerCount()]).toEqual([1, 1, 0]);
    const [job] = await listJobs(db, 1);
    expect(job).toMatchObject({ state: 'finished', updatedAt: noon + 1 });
  });
});
