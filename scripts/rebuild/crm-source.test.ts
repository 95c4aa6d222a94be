import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Snapshot } from '../../packages/projections/rebuild/index.ts';
import { checkCrm, crmSnapshot, crmSource } from './crm-source.ts';
import { knownKeys, remedyForShortLog, snapshotOf } from './from-crm.ts';
import { readCommand } from './options.ts';

/** A server that answers each path with a status and JSON; any other with 404, as a CRM of an older release. */
const crmThatAnswers = async (answers: Record<string, [number, object]>) => {
  const server = createServer((req, res) => {
    const [status, body] = answers[String(req.url)] ?? [404, { type: 'urn:problem:unknown-route' }];
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const changedAt = '2026-11-21T09:00:00.000Z';
const mandate = (connectionId: string) => ({ connectionId, connectionMandate: '1', revision: 7, changedAt });
const pages = {
  '/mandates?limit=1000': [200, { items: [mandate('1'), mandate('2')], next: '/mandates?limit=1000&after=2' }],
  '/mandates?limit=1000&after=2': [200, { items: [mandate('3')], next: null }],
} satisfies Record<string, [number, object]>;
const read = async (snapshot: Snapshot<unknown>, after?: string) => {
  const all = [];
  for await (const page of snapshot.pages(after)) all.push(page);
  return all;
};
const command = (...args: string[]) => readCommand(args);

describe('the mandates of the CRM', () => {
  it('are events with the revision that it gave last, and each page has the cursor behind it', async () => {
    const snapshot = crmSnapshot(await crmThatAnswers(pages));
    const event = (connectionId: string) => ({
      data: { connectionId, connectionMandate: '1' },
      revision: 7,
      time: changedAt,
    });
    expect(await read(snapshot)).toEqual([
      { events: [event('1'), event('2')], next: '2' },
      { events: [event('3')], next: undefined },
    ]);
    expect(await read(snapshot, '2')).toEqual([{ events: [event('3')], next: undefined }]);
  });

  it('are what a view is compared with', async () => {
    const all = [];
    for await (const page of crmSource(await crmThatAnswers(pages)).pages()) all.push(...page);
    expect(all).toEqual(['1', '2', '3'].map((key) => ({ key, shown: '1' })));
  });

  it.each([
    ['an older release', {}, /has no GET \/mandates.*older release.*--without-crm/],
    ['one that fails', { '/mandates?limit=1': [503, { detail: 'Away.' }] as [number, object] }, /503 \(Away\.\)/],
    ['something else', { '/mandates?limit=1': [200, { items: [{}] }] as [number, object] }, /no page of mandates/],
  ])('cannot be had from %s, which the refusal says', async (_, answers, said) =>
    expect(checkCrm(await crmThatAnswers(answers))).rejects.toThrow(said));

  it('are not continued at a connection that the CRM does not know', async () => {
    const problem = { type: 'urn:problem:invalid-parameter', detail: 'after: a connection of this CRM' };
    const snapshot = crmSnapshot(await crmThatAnswers({ '/mandates?limit=1000&after=9': [400, problem] }));
    await expect(read(snapshot, '9')).rejects.toThrow(/another CRM, or has lost its data.* --abandon, and begin anew/);
  });
});

describe('a rebuild from the CRM', () => {
  const crmWith = (database: string) => crmThatAnswers({ ...pages, '/status': [200, { database }] });

  it('is suggested for a log that was cut off, with the options that were given', async () => {
    const crm = await crmWith('durable');
    const suggested = (...args: string[]) => remedyForShortLog(command('--crm', crm, ...args));
    expect(await suggested()).toMatch(`instead: npm run rebuild -- --from-crm --crm ${crm}`);
    expect(await suggested('--into', 'elsewhere')).toMatch('--from-crm --into elsewhere --crm');
    expect(await suggested('--in-place')).toMatch('--from-crm --in-place --crm');
  });

  it('is not suggested where it cannot work', async () => {
    expect(await remedyForShortLog(command('--without-crm'))).toBeUndefined();
    expect(await remedyForShortLog(command('--crm', await crmWith('in memory: nothing survives')))).toMatch(
      /in memory, so it cannot fill a view either/,
    );
  });

  it('is refused where the CRM loses its revisions with each stop', async () => {
    const crm = await crmWith('in memory: nothing survives');
    await expect(snapshotOf(command('--from-crm', '--crm', crm))).rejects.toThrow(/in memory.*CRM_DATABASE_URL/);
    const durable = await snapshotOf(command('--from-crm', '--crm', await crmWith('durable')));
    expect(await read(durable)).toHaveLength(2);
  });

  it('is no condition for removing what is old: without the CRM the log names the keys', async () => {
    const said: string[] = [];
    const snapshot = await knownKeys(command('--retire', '--crm', 'http://127.0.0.1:9'), (line) => said.push(line));
    expect([snapshot, said]).toEqual([undefined, [expect.stringContaining('only keys that the log still has')]]);
    const ignore = () => {};
    expect(await knownKeys(command('--retire', '--without-crm'), ignore)).toBeUndefined();
    expect(
      await knownKeys(
        command(
          '--retire',
          '--crm',
          await crmThatAnswers({ '/mandates?limit=1': pages['/mandates?limit=1000&after=2'] }),
        ),
        ignore,
      ),
    ).toBeDefined();
  });
});
