import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectCrmDatabase } from '../crm/database/index.ts';
import type { DatabaseUrl } from '../packages/database/database-url.ts';
import { canFakeClocks, createJumpingClock, fakeClock } from './fake-clock.ts';
import { expectPublishedAfterLoss, waitForLeaseRenewal } from './lost-relay.ts';
import { emptyCrmDatabase } from './stack/fresh.ts';
import { isStackReady, startPart, stopPart } from './stack/stack.ts';

const ready = (await isStackReady()) && (await canFakeClocks());

/** Restarts MariaDB with another clock until the test has finished. */
const startMariaDb = async (env: Record<string, string>) => {
  onTestFinished(async () => {
    await stopPart('mysql');
    await startPart('mysql');
  });
  await stopPart('mysql');
  Object.assign(process.env, env);
  await startPart('mysql').finally(() => {
    for (const name of Object.keys(env)) delete process.env[name];
  });
};

const hoursAhead = async (databaseUrl: DatabaseUrl) => {
  const db = connectCrmDatabase(databaseUrl);
  const { rows } = await sql<{ seconds: number }>`select unix_timestamp() as seconds`.execute(db);
  await db.destroy();
  return Math.round((Number(rows[0]?.seconds) - Date.now() / 1000) / 3600);
};

describe.runIf(ready)('on MariaDB, the outbox is published within seconds', () => {
  it('after a CRM was killed with its clock a day ahead', async () => {
    const databaseUrl = await emptyCrmDatabase();
    await expectPublishedAfterLoss({ databaseUrl, env: fakeClock('+1d'), lose: (crm) => crm.end('SIGKILL') });
  });

  it('after a CRM was killed while the clock of the database was a day ahead', async () => {
    const clock = createJumpingClock();
    await startMariaDb(clock.env);
    const databaseUrl = await emptyCrmDatabase();
    await expectPublishedAfterLoss({
      databaseUrl,
      lose: async (crm) => {
        clock.jump('+1d');
        expect(await hoursAhead(databaseUrl)).toBe(24);
        await waitForLeaseRenewal(databaseUrl);
        await crm.end('SIGKILL');
        clock.jump('+0s');
      },
    });
  });

  it('after a CRM was paused', async () => {
    const databaseUrl = await emptyCrmDatabase();
    await expectPublishedAfterLoss({ databaseUrl, lose: ({ pid }) => process.kill(pid, 'SIGSTOP') });
  });
});
