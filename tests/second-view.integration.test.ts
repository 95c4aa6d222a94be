import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMandateChangedEvent } from '../contracts/events/connection-mandate-changed/schema.ts';
import type { MandateChanged } from '../contracts/events/connection-mandate-changed/upcasters.ts';
import { topics } from '../contracts/topics.ts';
import { readIotPlatformConfig } from '../iot-platform/config.ts';
import { mandatesView } from '../iot-platform/mandates/index.ts';
import { mandates } from '../iot-platform/mandates/materialise.ts';
import { startIotPlatform } from '../iot-platform/service.ts';
import { type EmbeddedPlatform, openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { openViewStores, registerView } from '../packages/platform/views.ts';
import { openView } from '../packages/projections/view.ts';
import type { Command } from '../scripts/command.ts';
import { deadLetters } from '../scripts/dead-letters/dead-letters.ts';
import { explainKey } from '../scripts/explain/explain-key.ts';
import { rebuildView } from '../scripts/rebuild/rebuild-view.ts';
import { showStatus } from '../scripts/status/show-status.ts';
import { iotPlatform } from '../scripts/views.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson } from './http.ts';
import { dataFolder } from './platform-process.ts';
import { createTestRuntime, noon } from './test-runtime.ts';

type LastChange = { revision: number; changedAt: string };

const lastChanges = registerView<MandateChanged, LastChange>({
  projection: {
    ...mandates,
    name: 'last-changes',
    evolve: (held, { revision, time }) => (held && held.revision >= revision ? held : { revision, changedAt: time }),
    classify: () => undefined,
  },
  toDisplayValue: (change) => change?.changedAt ?? 'none',
  keyName: 'connectionId',
});
const registered = [mandatesView, lastChanges];
const views = registered.map((view) => ({ ...view, service: iotPlatform }));

const topic = topics.connectionMandates.name;
const connections = ['7733', '8179', '1721'];
const timeOf = (n: number) => new Date(noon + n).toISOString();

let env: Record<string, string>;
let url: string;
let platform: EmbeddedPlatform;
let service: Awaited<ReturnType<typeof startIotPlatform>>;

const start = async (followed: typeof registered) => {
  const config = readIotPlatformConfig({ ...env, APP_REST_PORT: '0', APP_PORT: '0' });
  const { eventBus, stateStore, logReader, operatorLog } = platform;
  const [bus, store] = [eventBus(config.consumerGroup), stateStore(config.stateStoreName)];
  const ports = { bus, store, secondaryStore: stateStore, topicLog: logReader(), operatorLog: operatorLog() };
  service = await startIotPlatform(config, { ...createTestRuntime(), now: Date.now, ...ports }, followed);
  ({ url } = service);
  env = { ...env, IOT_PLATFORM_URL: url };
};

beforeEach(async () => {
  env = { DATA_DIR: dataFolder() };
  platform = openEmbeddedPlatform(join(String(env.DATA_DIR), 'platform.sqlite'), Object.values(topics));
  await start(registered);
  for (const [n, connectionId] of connections.entries()) await publish(connectionId, '1', n);
  await eventually(async () => {
    for (const { projection } of registered) expect(await status(projection.name)).toMatchObject({ lag: 0 });
  });
});
afterEach(async () => {
  await service.close();
  platform.close();
});

const publish = async (connectionId: string, connectionMandate: '0' | '1' | '2', n: number) => {
  const context = { id: `change ${n}`, revision: noon + n, time: new Date(noon + n) };
  const event = createMandateChangedEvent({ connectionId, connectionMandate }, context);
  const record = { id: event.id, key: connectionId, value: Buffer.from(JSON.stringify(event)) };
  await platform.eventBus('crm').publish(topic, [record]);
};
const status = async (view: string) => (await getJson(`${url}/status?view=${view}`)).body;
const store = () => platform.stateStore('statestore');
const changeOf = async (connectionId: string) => {
  const own = openViewStores(lastChanges, { store: store(), secondaryStore: platform.stateStore });
  return (await openView<LastChange>(lastChanges.projection, own.store, own).get(connectionId))?.changedAt;
};
/** Runs a command. @returns its output, and whether it succeeded */
const run = async (command: Command, ...args: string[]) => {
  const lines: string[] = [];
  const isSuccessful = await command(args, { views, env, print: (line) => lines.push(line) });
  return { isSuccessful, printed: lines.join('\n') };
};

describe('a second view of the same topic', () => {
  it('is kept up to date as the first, with its own keys, checkpoints and status', async () => {
    expect(await changeOf('8179')).toBe(timeOf(1));
    expect(await fetchMandate({ url }, '8179')).toBe('1');
    expect(await status('last-changes')).toMatchObject({ view: { state: 'complete' }, sinceStart: { applied: 3 } });
    expect(await status('mandates')).toMatchObject({ view: { state: 'complete' }, sinceStart: { applied: 3 } });
    await eventually(async () =>
      expect((await getJson(`${url}/readyz`)).body).toEqual({
        status: 'ready',
        checks: { eventBus: 'ok', stateStore: 'ok', 'view:mandates': 'ok', 'view:last-changes': 'ok' },
      }),
    );
  });

  it('must be named in requests to /status, which answers how', async () => {
    for (const query of ['', '?view=x'])
      expect(await getJson(`${url}/status${query}`)).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'view', expected: expect.stringMatching(/one of mandates, last-changes$/) }] },
      });
    const { body } = await getJson(`${url}/openapi.json`);
    expect(JSON.stringify(body)).toContain('"enum":["mandates","last-changes"]');
  });

  it('is shown by npm run status, together with the first or alone', async () => {
    const both = await run(showStatus);
    expect(both.printed).toMatch(/^service +view +state +generation +lag +freshness +dead letters\n/);
    expect(both.printed).toMatch(/IoT platform +mandates +complete +1 in statestore +0 +0 s +0\n/);
    expect(both.printed).toMatch(/IoT platform +last-changes +complete +1 in statestore +0 +0 s +0\n/);
    const alone = await run(showStatus, '--view', 'last-changes', '--json');
    expect(JSON.parse(alone.printed)).toMatchObject({ consumerGroup: 'iot-platform-consumer', lag: 0 });
    expect(Object.keys(JSON.parse((await run(showStatus, '--json')).printed))).toEqual(['mandates', 'last-changes']);
  });

  it('is rebuilt alone: the difference is listed, then accepted, and the first view stays unchanged', async () => {
    const ofMandates = () => store().getMany([...connections, 'generation:mandates', `position:mandates:${topic}:0`]);
    const before = await ofMandates();
    await store().remove(['last-changes/7733']);
    const differing = await run(rebuildView, '--view', 'last-changes', '--embedded');
    expect(differing.isSuccessful).toBe(false);
    expect(differing.printed).toContain(
      `connectionId  rebuilt                   live\n7733          ${timeOf(0)}  none`,
    );
    const accepted = await run(rebuildView, '--view', 'last-changes', '--embedded', '--accept-differences');
    expect(accepted).toMatchObject({
      isSuccessful: true,
      printed: expect.stringContaining('Generation 2 in statestore answers now'),
    });
    await expect(run(rebuildView, '--view', 'last-changes', '--embedded', '--in-place')).rejects.toThrow(
      'Retire old generations first: npm run rebuild -- --view last-changes --retire',
    );
    expect(await changeOf('7733')).toBe(timeOf(0));
    expect(await status('last-changes')).toMatchObject({ view: { state: 'complete', generation: { number: 2 } } });
    expect(await status('mandates')).toMatchObject({ view: { state: 'complete', generation: { number: 1 } } });
    expect(await ofMandates()).toEqual(before);

    await publish('7733', '2', 9);
    await eventually(async () => expect(await changeOf('7733')).toBe(timeOf(9)));
    await eventually(async () => expect(await fetchMandate({ url }, '7733')).toBe('2'));
  });

  it('has its own dead letters: a discard lets its document answer, and not that of the first view', async () => {
    await platform.eventBus('crm').publish(topic, [{ id: 'x', key: '7733', value: Buffer.from('no JSON') }]);
    await eventually(async () => expect(await fetchMandate({ url }, '7733')).toBe(503));
    await eventually(() =>
      expect(changeOf('7733')).rejects.toMatchObject({
        code: 'record-dead-lettered',
        remedy: expect.stringContaining(`npm run dead-letters -- --view last-changes show ${topic}/`),
      }),
    );
    const ofView = (view: string, ...args: string[]) => run(deadLetters, ...args, '--view', view, '--embedded');
    expect((await ofView('last-changes', 'list')).printed).toMatch(
      /connectionId +state +reason\n.*7733 +open +not JSON/,
    );
    expect((await ofView('last-changes', 'discard', '--all')).printed).toBe('1 discarded.');
    expect(await changeOf('7733')).toBe(timeOf(0));
    expect(await fetchMandate({ url }, '7733')).toBe(503);
    expect((await ofView('mandates', 'list')).printed).toMatch(/7733 +open/);
  });

  it('is named to the commands for one view, which work on the first view by default and list the names', async () => {
    const all = 'one of: mandates, last-changes.';
    for (const command of [rebuildView, deadLetters])
      await expect(run(command, '--view', 'x', '--embedded')).rejects.toThrow(
        `There is no view x. --view NAME with ${all}`,
      );
    expect((await run(deadLetters, 'list', '--embedded')).printed).toBe('There are no dead letters.');
    await expect(run(showStatus, '--view', 'x')).rejects.toThrow(`There is no view x. --view NAME with ${all}`);
    await expect(run(explainKey, '7733', '--view', 'last-changes')).rejects.toThrow('with one of: mandates.');
    await expect(run(rebuildView, '--view', 'last-changes', '--from-crm')).rejects.toThrow('--from-crm');
  });

  it('is not ready until it is rebuilt when it is added to a service that has consumed the topic already', async () => {
    await service.close();
    const later = registerView({
      ...lastChanges,
      projection: { ...lastChanges.projection, name: 'later' },
      keyPrefix: 'later/',
    });
    await start([...registered, later]);
    const check = async () => ((await getJson(`${url}/readyz`)).body.checks as Record<string, string>)['view:later'];
    await eventually(async () =>
      expect(await check()).toMatch(/has read 3 events already\. npm run rebuild -- --view later fills it/),
    );
    expect(await fetchMandate({ url }, '7733')).toBe('1');
    const all = [...views, { ...later, service: iotPlatform }];
    await rebuildView(['--view', 'later', '--embedded'], { views: all, env, print: () => {} });
    await eventually(async () => expect(await check()).toBe('ok'));
    expect((await status('later')).view).toMatchObject({ generation: { number: 2 } });
  });
});
