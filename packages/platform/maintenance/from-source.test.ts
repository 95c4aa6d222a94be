import { describe, expect, it } from 'vitest';
import { crmSource } from '../../../iot-platform/mandates/crm-source.ts';
import { mandatesView } from '../../../iot-platform/mandates/index.ts';
import { readCommand } from '../../../scripts/rebuild/options.ts';
import { mandatePages, startStubCrm } from '../../../tests/stub-crm.ts';
import { findShortLogRemedy, openKnownKeys, openSnapshot } from './from-source.ts';

const command = (...args: string[]) => readCommand(args, crmSource, { DATA_DIR: 'data' });

describe('a rebuild from the CRM', () => {
  const crmWith = (database: string) => startStubCrm({ ...mandatePages, '/status': [200, { database }] });

  it('is the remedy for a truncated log, with the options of the command', async () => {
    const crm = await crmWith('durable');
    const suggestRemedy = (...args: string[]) => findShortLogRemedy(mandatesView, command('--crm', crm, ...args));
    expect(await suggestRemedy()).toMatch(`instead: npm run rebuild -- --from-crm --crm ${crm}`);
    expect(await suggestRemedy('--into', 'elsewhere')).toMatch('--from-crm --into elsewhere --crm');
    expect(await suggestRemedy('--in-place')).toMatch('--from-crm --in-place --crm');
  });

  it('is no remedy without the CRM or with a CRM in memory', async () => {
    expect(await findShortLogRemedy(mandatesView, command('--without-crm'))).toBeUndefined();
    expect(
      await findShortLogRemedy(mandatesView, command('--crm', await crmWith('in memory: nothing survives'))),
    ).toMatch(/in memory.*a view cannot be built from it/);
  });

  it('is refused where the CRM keeps its revisions in memory', async () => {
    const crm = await crmWith('in memory: nothing survives');
    await expect(openSnapshot(crmSource.open(crm))).rejects.toThrow(/in memory.*CRM_DATABASE_URL/);
    const durable = await openSnapshot(crmSource.open(await crmWith('durable')));
    expect(durable?.name).toMatch('the mandates of the CRM at');
  });

  it('is not needed to remove a generation: without the CRM the keys of the log are removed', async () => {
    const printed: string[] = [];
    const print = (line: string) => printed.push(line);
    const unreachable = await openKnownKeys(mandatesView, crmSource.open('http://127.0.0.1:9'), print);
    expect([unreachable, printed]).toEqual([
      undefined,
      [expect.stringContaining('only the keys that the log still has')],
    ]);
    expect(await openKnownKeys(mandatesView, undefined, print)).toBeUndefined();
    const crm = await startStubCrm({ '/mandates?limit=1': [200, { items: [], next: null }] });
    expect(await openKnownKeys(mandatesView, crmSource.open(crm), print)).toBeDefined();
    expect(printed).toHaveLength(1);
  });
});
