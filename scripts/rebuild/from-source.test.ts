import { describe, expect, it } from 'vitest';
import { crmSource } from '../../iot-platform/mandates/crm-source.ts';
import { mandatesView } from '../../iot-platform/mandates/index.ts';
import { mandatePages, startStubCrm } from '../../tests/stub-crm.ts';
import { knownKeys, remedyForShortLog, snapshotOf } from './from-source.ts';
import { readCommand } from './options.ts';

const command = (...args: string[]) => readCommand(args, crmSource);

describe('a rebuild from the CRM', () => {
  const crmWith = (database: string) => startStubCrm({ ...mandatePages, '/status': [200, { database }] });

  it('is suggested for a log that was cut off, with the options that were given', async () => {
    const crm = await crmWith('durable');
    const suggested = (...args: string[]) => remedyForShortLog(mandatesView, command('--crm', crm, ...args));
    expect(await suggested()).toMatch(`instead: npm run rebuild -- --from-crm --crm ${crm}`);
    expect(await suggested('--into', 'elsewhere')).toMatch('--from-crm --into elsewhere --crm');
    expect(await suggested('--in-place')).toMatch('--from-crm --in-place --crm');
  });

  it('is not suggested where it cannot work', async () => {
    expect(await remedyForShortLog(mandatesView, command('--without-crm'))).toBeUndefined();
    expect(
      await remedyForShortLog(mandatesView, command('--crm', await crmWith('in memory: nothing survives'))),
    ).toMatch(/in memory.*a view cannot be built from it/);
  });

  it('is refused where the CRM loses its revisions with each stop', async () => {
    const crm = await crmWith('in memory: nothing survives');
    await expect(snapshotOf(crmSource.open(crm))).rejects.toThrow(/in memory.*CRM_DATABASE_URL/);
    const durable = await snapshotOf(crmSource.open(await crmWith('durable')));
    expect(durable?.name).toMatch('the mandates of the CRM at');
  });

  it('is no condition for removing what is old: without the CRM the log names the keys', async () => {
    const said: string[] = [];
    const print = (line: string) => said.push(line);
    const away = await knownKeys(mandatesView, crmSource.open('http://127.0.0.1:9'), print);
    expect([away, said]).toEqual([undefined, [expect.stringContaining('only keys that the log still has')]]);
    expect(await knownKeys(mandatesView, undefined, print)).toBeUndefined();
    const crm = await startStubCrm({ '/mandates?limit=1': [200, { items: [], next: null }] });
    expect(await knownKeys(mandatesView, crmSource.open(crm), print)).toBeDefined();
    expect(said).toHaveLength(1);
  });
});
