import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { noon } from '../../tests/test-runtime.ts';
import { appendToOutbox } from './outbox.ts';
import { watchOutbox } from './outbox-progress.ts';

const startWatching = async () => {
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
  /** Advances the clock, and checks every second, as a readiness probe does. @returns the last outcome */
  const advance = async (seconds: number): Promise<string> => {
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
  return { ...outbox, put, publish, advance, lines, holdLease };
};

describe('the progress of the outbox', () => {
  it('fails the check once the oldest event has waited for ten seconds, until that event is published', async () => {
    const { put, publish, advance, lines } = await startWatching();
    await put('first');
    // The poll in the background may have seen the event a second before the first check.
    expect(await advance(9)).toBe('ready');
    const message = await advance(2);
    expect(message).toContain(`1 event waits to be published, the oldest since ${new Date(noon).toISOString()}`);
    expect(message).toContain('event first of connection-mandates-topic');
    expect(message).toMatch(/No instance .*eventBus.*"outbox not published".*max\.message\.bytes/);
    await put('second');
    expect(await advance(20)).toMatch(/^2 events wait/);
    expect(lines).toMatchObject([{ level: 40, msg: 'outbox makes no progress', waiting: 1, oldest: { id: 'first' } }]);
    await publish('first');
    expect(await advance(1)).toBe('ready');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ level: 30, msg: 'outbox makes progress again' });
  });

  it('fails the check while the oldest event is never published, even if later events are', async () => {
    const { put, publish, advance } = await startWatching();
    await put('too large');
    for (let n = 0; n < 11; n++) {
      await put(`event-${n}`);
      await advance(1);
      await publish(`event-${n}`);
    }
    expect(await advance(1)).toMatch(/^1 event waits .*event too large/);
  });

  it('passes the check while the oldest event changes, even if many wait', async () => {
    const { put, publish, advance } = await startWatching();
    for (let n = 0; n < 5; n++) await put(`event-${n}`);
    for (let n = 0; n < 5; n++) {
      expect(await advance(9)).toBe('ready');
      await publish(`event-${n}`);
    }
    expect(await advance(30)).toBe('ready');
  });

  it('names the instance that holds the lease as long as it renews the lease', async () => {
    const { put, advance, holdLease, relayedBy } = await startWatching();
    expect(await relayedBy()).toBeNull();
    await put('first');
    for (let second = 1; second <= 12; second++) {
      await holdLease(second);
      await advance(1);
    }
    expect(await advance(1)).toContain('Instance instance-1 holds the relay lease');
    expect(await relayedBy()).toBe('instance-1');
    expect(await advance(3)).toContain('No instance renews the relay lease');
    expect(await relayedBy()).toBeNull();
  });
});
