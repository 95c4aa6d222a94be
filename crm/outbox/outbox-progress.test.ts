import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { noon } from '../../tests/test-runtime.ts';
import { appendToOutbox } from './outbox.ts';
import { watchOutbox } from './outbox-progress.ts';

const watching = async () => {
  const db = await openTestDatabase();
  let now = 0;
  const lines: object[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const outbox = watchOutbox({ db, log, clock: () => now });
  onTestFinished(outbox.close);
  const put = (id: string) =>
    db
      .transaction()
      .execute((trx) => appendToOutbox(trx, [{ topic: topics.connectionMandates, id, key: id, event: {} }], noon));
  const publish = (id: string) => db.deleteFrom('outbox').where('id', '=', id).execute();
  /** Looks every second, as a probe does; gives the last outcome. */
  const pass = async (seconds: number): Promise<string> => {
    let outcome = '';
    for (let second = 0; second < seconds; second++) {
      now += 1_000;
      outcome = await outbox.check().then(
        () => 'ready',
        (error: Error) => error.message,
      );
    }
    return outcome;
  };
  const holdLease = (expiresAt: number) =>
    db.replaceInto('relayLease').values({ name: 'outbox', holder: 'instance-1', expiresAt }).execute();
  return { ...outbox, put, publish, pass, lines, holdLease };
};

describe('the progress of the outbox', () => {
  it('is missed once the oldest event has waited for ten seconds, until that event is published', async () => {
    const { put, publish, pass, lines } = await watching();
    await put('first');
    // The look in the background may have seen the event a second before ours.
    expect(await pass(9)).toBe('ready');
    const said = await pass(2);
    expect(said).toContain(`1 event waits to be published, the oldest since ${new Date(noon).toISOString()}`);
    expect(said).toContain('event first of connection-mandates-topic');
    expect(said).toMatch(/No instance .*eventBus.*"outbox not published".*max\.message\.bytes/);
    await put('second');
    expect(await pass(20)).toMatch(/^2 events wait/);
    expect(lines).toMatchObject([{ level: 40, msg: 'outbox makes no progress', waiting: 1, oldest: { id: 'first' } }]);
    await publish('first');
    expect(await pass(1)).toBe('ready');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ level: 30, msg: 'outbox makes progress again' });
  });

  it('is missed while one event can never be published, though those behind it are', async () => {
    const { put, publish, pass } = await watching();
    await put('too large');
    for (let n = 0; n < 11; n++) {
      await put(`event-${n}`);
      await pass(1);
      await publish(`event-${n}`);
    }
    expect(await pass(1)).toMatch(/^1 event waits .*event too large/);
  });

  it('is there while the oldest event is another each time, however many wait', async () => {
    const { put, publish, pass } = await watching();
    for (let n = 0; n < 5; n++) await put(`event-${n}`);
    for (let n = 0; n < 5; n++) {
      expect(await pass(9)).toBe('ready');
      await publish(`event-${n}`);
    }
    expect(await pass(30)).toBe('ready');
  });

  it('names the instance that holds the lease while that renews it', async () => {
    const { put, pass, holdLease, relayedBy } = await watching();
    expect(await relayedBy()).toBeNull();
    await put('first');
    for (let second = 1; second <= 12; second++) {
      await holdLease(second);
      await pass(1);
    }
    expect(await pass(1)).toContain('Instance instance-1 holds the relay lease');
    expect(await relayedBy()).toBe('instance-1');
    expect(await pass(3)).toContain('No instance renews the relay lease');
    expect(await relayedBy()).toBeNull();
  });
});
