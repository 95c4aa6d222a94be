import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../packages/database/sqlite.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson } from './http.ts';
import { dataFolder, startPlatform, startProcess, waitForOutput } from './platform-process.ts';
import { trackProcesses } from './track-processes.ts';

const started = trackProcesses();

/** Creates a data folder with the eight mandates of the CSV in the log and in `statestore`. */
const filledFolder = async (): Promise<string> => {
  const folder = dataFolder();
  const platform = await startPlatform({ DATA_DIR: folder });
  started.push(platform);
  await eventually(async () => expect(await fetchMandate({ url: platform.iotPlatform }, '7733')).toBe('1'));
  await eventually(async () => expect((await viewOf(platform.iotPlatform)).state).toBe('complete'));
  await platform.end('SIGTERM');
  return folder;
};

type View = { state: string; generation: { number: number }; previous?: unknown; rebuild?: unknown; warning?: string };
const viewOf = async (url: string) => (await getJson(`${url}/status`)).body.view as View;

const startIot = async (env: Record<string, string>) => {
  const iot = startProcess('iot-platform/main.ts', env);
  started.push(iot);
  const [url = ''] = await waitForOutput(iot, /"url":"([^"]+)","msg":"IoT platform listens"/);
  return { url };
};
const expectRepaired = async (url: string) => {
  await eventually(async () =>
    expect(await viewOf(url)).toMatchObject({ state: 'complete', generation: { number: 2 } }),
  );
  for (const [connectionId, level] of [
    ['7733', '1'],
    ['8179', '2'],
    ['1721', '0'],
    ['3481', '1'],
  ] as const)
    expect(await fetchMandate({ url }, connectionId)).toBe(level);
  expect((await getJson(`${url}/readyz`)).status).toBe(200);
};

describe('with AUTO_REBUILD=true', () => {
  it('one of two instances fills an empty store from the log and retires the old generation', async () => {
    const env = { DATA_DIR: await filledFolder(), STATESTORE_NAME: 'swapped', AUTO_REBUILD: 'true' };
    const instances = await Promise.all([startIot(env), startIot(env)]);
    for (const { url } of instances) await expectRepaired(url);
    for (const { url } of instances)
      await eventually(async () => {
        const view = await viewOf(url);
        expect([view.generation.number, view.previous, view.rebuild]).toEqual([2, undefined, undefined]);
      });
    expect(
      started
        .map((process) => process.output())
        .join('')
        .match(/switched to the rebuilt view/g),
    ).toHaveLength(1);
  });

  it('the service rebuilds an incomplete view', async () => {
    const folder = await filledFolder();
    const database = openSqlite(join(folder, 'platform.sqlite'));
    // Simulates a store that lost its last writes.
    database.exec(`DELETE FROM state WHERE key IN ('7733', '8179') OR key LIKE 'position:mandates:%:1'`);
    database.close();
    const { url } = await startIot({ DATA_DIR: folder, AUTO_REBUILD: 'true' });
    await expectRepaired(url);
  });
});

it('without AUTO_REBUILD an empty store stays empty, and /status names the remedy', async () => {
  const { url } = await startIot({ DATA_DIR: await filledFolder(), STATESTORE_NAME: 'swapped' });
  await eventually(async () => expect((await viewOf(url)).warning).toContain('npm run rebuild'));
  expect([await fetchMandate({ url }, '7733'), (await viewOf(url)).state]).toEqual([404, 'empty']);
});
