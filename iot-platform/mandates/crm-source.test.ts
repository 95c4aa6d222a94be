import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../packages/projections/rebuild/index.ts';
import { mandatePages, startStubCrm } from '../../tests/stub-crm.ts';
import { crmSource } from './crm-source.ts';

const read = async (snapshot: Snapshot<unknown>, after?: string) => {
  const all = [];
  for await (const page of snapshot.pages(after)) all.push(page);
  return all;
};

describe('the mandates of the CRM', () => {
  it('are read as events with their latest revision, and each page has the cursor after it', async () => {
    const { snapshot } = crmSource.open(await startStubCrm(mandatePages));
    const event = (connectionId: string) => ({
      data: { connectionId, connectionMandate: '1' },
      revision: 7,
      time: '2026-11-21T09:00:00.000Z',
    });
    expect(await read(snapshot)).toEqual([
      { events: [event('1'), event('2')], next: '2' },
      { events: [event('3')], next: undefined },
    ]);
    expect(await read(snapshot, '2')).toEqual([{ events: [event('3')], next: undefined }]);
  });

  it('are read for the comparison with a view', async () => {
    const all = [];
    for await (const page of crmSource.open(await startStubCrm(mandatePages)).pages()) all.push(...page);
    expect(all).toEqual(['1', '2', '3'].map((key) => ({ key, displayValue: '1' })));
  });

  it.each([
    ['an older release', {}, /has no GET \/mandates.*older release.*--without-crm/],
    ['one that fails', { '/mandates?limit=1': [503, { detail: 'Away.' }] as [number, object] }, /503 \(Away\.\)/],
    [
      'a service that is not a CRM',
      { '/mandates?limit=1': [200, { items: [{}] }] as [number, object] },
      /not a page of mandates: check that --crm/,
    ],
  ])('cannot be read from %s, and the refusal says so', async (_, answers, message) =>
    expect(crmSource.open(await startStubCrm(answers)).check()).rejects.toThrow(message));

  it('are not continued after a connection that the CRM does not know', async () => {
    const problem = { type: 'urn:problem:invalid-parameter', detail: 'after: a connection of this CRM' };
    const { snapshot } = crmSource.open(await startStubCrm({ '/mandates?limit=1000&after=9': [400, problem] }));
    await expect(read(snapshot, '9')).rejects.toThrow(/another CRM, or has lost its data.* --abandon, and start again/);
  });

  it('fill no view when the CRM keeps its revisions in memory', async () => {
    const unfitness = async (database: string) =>
      crmSource.open(await startStubCrm({ '/status': [200, { database }] })).findUnfitness();
    expect(await unfitness('in memory: nothing survives')).toMatch(/in memory.*CRM_DATABASE_URL/);
    expect(await unfitness('durable')).toBeUndefined();
  });

  it('cannot be read from a CRM that does not answer, and the refusal names --without-crm', () =>
    expect(crmSource.open('http://127.0.0.1:9').check()).rejects.toThrow(
      /^The CRM does not answer at http:\/\/127\.0\.0\.1:9 .*--without-crm\.$/,
    ));
});
