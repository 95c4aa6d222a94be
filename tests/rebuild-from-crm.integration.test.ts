import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createMandateChangedEvent } from '../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../contracts/topics.ts';
import { openSqlite } from '../packages/database/sqlite.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, postJson } from './http.ts';
import { corinne, corinneInRealTime, molly } from './lab-customers.ts';
import { dataFolder, programWords, startPlatform, startProgram } from './platform-process.ts';

const topic = topics.connectionMandates.name;
const csvMandates = { 8179: '2', 1721: '0', 5138: '1', 8332: '2', 4512: '0', 5690: '2', 7733: '1', 3481: '1' };

let platform: Awaited<ReturnType<typeof startPlatform>> | undefined;
afterEach(async () => {
  await platform?.end('SIGTERM');
});

const startWithCommands = async (env: Record<string, string> = { DATA_DIR: dataFolder() }) => {
  platform = await startPlatform({ LOG_LEVEL: 'warn', ...env });
  const { crm, iotPlatform } = platform;
  const run = async (script: string, ...args: string[]) => {
    const urls = { CRM_URL: crm, IOT_PLATFORM_URL: iotPlatform };
    const command = startProgram(process.execPath, [...programWords(`${script}.ts`), ...args], {
      ...env,
      ...urls,
    });
    const code = await command.ended;
    return `${command.output()}exit code ${code}`;
  };
  const view = async () => (await getJson(`${iotPlatform}/status`)).body.view as Record<string, unknown>;
  const waitForMandate = (connectionId: string, level: unknown) =>
    eventually(async () => expect(await fetchMandate({ url: iotPlatform }, connectionId)).toBe(level));
  return {
    file: join(String(env.DATA_DIR), 'platform.sqlite'),
    crm,
    env,
    view,
    waitForMandate,
    waitForCsv: async () => {
      for (const [connectionId, level] of Object.entries(csvMandates)) await waitForMandate(connectionId, level);
    },
    change: (body: object) => postJson(`${crm}/customers/7`, body),
    rebuild: (...args: string[]) => run('scripts/rebuild', '--embedded', '--crm', crm, ...args),
    republish: (...args: string[]) => run('crm/cli/republish', ...args),
    explain: (connectionId: string) => run('scripts/explain', connectionId, '--embedded'),
  };
};

/** Publishes an event that the CRM has not issued. */
const publish = async (file: string, connectionId: string, connectionMandate: '0' | '1' | '2', revision: number) => {
  const other = openEmbeddedPlatform(file, Object.values(topics));
  const event = createMandateChangedEvent(
    { connectionId, connectionMandate },
    { id: `forged ${revision}`, revision, time: new Date() },
  );
  await other
    .eventBus('another')
    .publish(topic, [{ id: event.id, key: connectionId, value: Buffer.from(JSON.stringify(event)) }]);
  other.close();
};

/** Deletes all records but the last of each partition, as retention would. */
const truncate = (file: string) => {
  const database = openSqlite(file);
  database
    .prepare(
      `DELETE FROM record WHERE topic = ? AND "offset" <
         (SELECT max("offset") FROM record AS last WHERE last.topic = record.topic AND last.partition = record.partition)`,
    )
    .run(topic);
  database.close();
};

describe('npm run rebuild -- --from-crm', () => {
  it('restores all eight mandates after the log was lost', async () => {
    const first = await startWithCommands();
    await first.waitForCsv();
    await platform?.end('SIGTERM');
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${first.file}${suffix}`, { force: true });
    const { rebuild, waitForCsv, waitForMandate, change, view } = await startWithCommands(first.env);
    await waitForMandate('7733', 404);
    expect(await rebuild()).toMatch(/7733 +1 +0 +0\n[\s\S]*--abandon, then --from-crm\.\nexit code 1$/);
    expect(await rebuild('--abandon')).toMatch(/exit code 0$/);
    expect(await rebuild('--from-crm')).toMatch(
      /8 events read\.[\s\S]*Generation 3 in statestore answers now[\s\S]*exit code 0$/,
    );
    await waitForCsv();
    await change(corinneInRealTime);
    await waitForMandate('7733', '2');
    expect(await view()).toMatchObject({ state: 'complete', generation: { number: 3 } });
  });

  it('is the remedy that a rebuild names for a truncated log, and rebuilds the view', async () => {
    const { file, crm, rebuild, waitForCsv, change, waitForMandate, view } = await startWithCommands();
    for (const level of ['2', '0', '1']) await change({ ...corinne, connectionMandate: level });
    await postJson(`${crm}/customers`, { ...molly, connectionMandate: '1' });
    await waitForMandate('928', '1');
    await fetch(`${crm}/customers/9`, { method: 'DELETE' });
    await waitForCsv();
    await waitForMandate('928', '0');
    truncate(file);
    expect(await rebuild()).toMatch(
      new RegExp(`begins at offset \\d+: .* instead: npm run rebuild -- --from-crm --crm ${crm}\nexit code 1$`),
    );
    expect(await rebuild('--without-crm')).toMatch(/from it alone\.\nexit code 1$/);
    expect(await rebuild('--from-crm')).toMatch(
      /9 events read\.[\s\S]*Generation 2 in statestore answers now[\s\S]*exit code 0$/,
    );
    expect(await view()).toMatchObject({ state: 'complete', generation: { number: 2 } });
    await waitForCsv();
    await waitForMandate('928', '0');
    await change(corinneInRealTime);
    await waitForMandate('7733', '2');
  });

  it('lists connections that the CRM does not know, and leaves them out', async () => {
    const { file, rebuild, waitForMandate } = await startWithCommands();
    await publish(file, 'FOREIGN', '2', Date.now());
    await waitForMandate('FOREIGN', '2');
    expect(await rebuild('--from-crm')).toMatch(
      /FOREIGN +unknown to the CRM +0 +2\n1 of them are unknown to the CRM[\s\S]*answers now[\s\S]*exit code 0$/,
    );
    await waitForMandate('FOREIGN', 404);
  });

  it('is refused with a CRM in memory, and is no remedy there', async () => {
    const { rebuild, file } = await startWithCommands({ DATA_DIR: dataFolder(), CRM_DATABASE_URL: 'memory' });
    const refusal =
      /in memory: its revisions began again .* a view cannot be built from it\. .*CRM_DATABASE_URL.*\nexit code 1$/;
    expect(await rebuild('--from-crm')).toMatch(refusal);
    truncate(file);
    expect(await rebuild()).toMatch(refusal);
  });
});

describe('a forged revision in the log', () => {
  const startWithForgedRevision = async () => {
    const commands = await startWithCommands();
    const forged = 999_999_999_999_999;
    await commands.waitForCsv();
    await publish(commands.file, '7733', '2', forged);
    await commands.waitForMandate('7733', '2');
    await commands.change({ ...corinne, connectionMandate: '0' });
    const { status, body } = await getJson(`${platform?.iotPlatform}/mandates/7733`);
    expect([status, body]).toMatchObject([200, { connectionMandate: '2', revision: forged }]);
    return { ...commands, forged };
  };

  it('hides all later changes, is explained, and is superseded by a republication', async () => {
    const { explain, republish, waitForMandate, change, forged } = await startWithForgedRevision();
    expect(await explain('7733')).toMatch(
      new RegExp(
        `Revision ${forged}, in partition \\d at offset \\d+, is higher than the last one of the CRM, \\d+: .*` +
          `npm run republish -- 7733 --above ${forged} publishes above it, or npm run rebuild -- --from-crm`,
      ),
    );
    await waitForMandate('7733', '2');
    expect(await republish('7733', '--above', String(forged))).toBe(
      `Mandate 0 of connection 7733 is published with revision ${forged + 1}.\nexit code 0`,
    );
    await waitForMandate('7733', '0');
    expect(await explain('7733')).toMatch(/Log, CRM and view agree\.\nexit code 0$/);
    await change(corinne);
    await waitForMandate('7733', '1');
    expect(await republish('42')).toMatch(/answered 404: This CRM has never had connection 42\..*\nexit code 1$/);
  });

  it('is not in a view that was rebuilt from the CRM', async () => {
    const { rebuild, waitForMandate, change } = await startWithForgedRevision();
    expect(await rebuild('--from-crm')).toMatch(
      /7733 +0 +0 +2\n[\s\S]*Generation 2 in statestore answers now[\s\S]*exit code 0$/,
    );
    await waitForMandate('7733', '0');
    await change(corinne);
    await waitForMandate('7733', '1');
  });
});
