import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, postJson } from './http.ts';
import { corinneInRealTime } from './lab-customers.ts';
import { dataFolder, programWords, startPlatform, startProgram } from './platform-process.ts';
import { trackProcesses } from './track-processes.ts';

const started = trackProcesses();

const startWithDeadLetter = async () => {
  const DATA_DIR = dataFolder();
  const platform = await startPlatform({ DATA_DIR });
  started.push(platform);
  const iot = { url: platform.iotPlatform };
  const waitForMandate = (level: unknown) =>
    eventually(async () => expect(await fetchMandate(iot, '7733')).toBe(level));
  await waitForMandate('1');
  const log = openEmbeddedPlatform(join(DATA_DIR, 'platform.sqlite'), Object.values(topics));
  const value = Buffer.from(JSON.stringify({ connectionId: '7733', connectionMandate: '7' }));
  await log.eventBus('test').publish(topics.connectionMandates.name, [{ id: 'x', key: '7733', value }]);
  log.close();
  await waitForMandate(503);
  const run = async (script: string, ...args: string[]) => {
    const env = { DATA_DIR, KAFKA_BROKERS: '', DAPR_HTTP_PORT: '' };
    const command = startProgram(
      process.execPath,
      [...programWords(`scripts/${script}.ts`), ...args, '--embedded'],
      env,
    );
    return { code: await command.ended, output: command.output() };
  };
  const id = async () =>
    /connection-mandates-topic\/\d\/\d+/.exec((await run('dead-letters', 'list')).output)?.[0] ?? '';
  return { platform, iot, waitForMandate, run, id };
};

describe('on the embedded log, npm run dead-letters', () => {
  it('lists a dead letter with the connection that it blocks, shows it, and discards it so that the connection answers', async () => {
    const { iot, waitForMandate, run, id } = await startWithDeadLetter();
    expect((await getJson(`${iot.url}/readyz`)).body).toMatchObject({ status: 'ready', deadLetters: 1 });
    expect((await getJson(`${iot.url}/mandates/7733`)).body).toMatchObject({
      type: 'urn:problem:record-dead-lettered',
      remedy: expect.stringContaining(`npm run dead-letters -- show ${await id()}`),
    });
    expect(await fetchMandate(iot, '8179')).toBe('2');
    expect((await run('dead-letters', 'list')).output).toMatch(/7733 +7733 +open +connectionMandate: 0 \(none\)/);
    expect((await run('dead-letters', 'show', await id())).output).toContain('\\"connectionMandate\\":\\"7\\"');
    expect(await run('dead-letters', 'discard', await id())).toEqual({ code: 0, output: '1 discarded.\n' });
    await waitForMandate('1');
    expect((await run('dead-letters', 'list')).output).toContain('discarded');
    expect((await getJson(`${iot.url}/readyz`)).body).not.toHaveProperty('deadLetters');
  });

  it('replays a record, which this version dead-letters again under the same id', async () => {
    const { waitForMandate, run, id, platform } = await startWithDeadLetter();
    const before = await id();
    expect(await run('dead-letters', 'replay', '--all')).toMatchObject({
      code: 0,
      output: expect.stringMatching(/1 published/),
    });
    await eventually(async () => {
      const { sinceStart } = (await getJson(`${platform.iotPlatform}/status`)).body as {
        sinceStart: { setAside: number };
      };
      expect(sinceStart.setAside).toBe(2);
    });
    await waitForMandate(503);
    expect((await run('dead-letters', 'list')).output.match(/connection-mandates-topic\//g)).toHaveLength(1);
    expect(await id()).toBe(before);
    await postJson(`${platform.crm}/customers/7`, corinneInRealTime);
    await waitForMandate('2');
    expect((await run('dead-letters', 'list')).output).toContain('settled');
    expect(await run('dead-letters', 'replay', '--all')).toMatchObject({
      output: '0 published to their topics again.\n',
    });
  });

  it('and npm run consumer-group report invalid arguments', async () => {
    const { run } = await startWithDeadLetter();
    expect(await run('dead-letters', 'show', 'none')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/no dead letter none/),
    });
    expect(await run('dead-letters', 'discard')).toMatchObject({ code: 1, output: expect.stringMatching(/Add an ID/) });
    expect(await run('dead-letters', 'list', '--kafka')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/Give either --embedded or --kafka/),
    });
    expect(await run('consumer-group', 'reset', '--to', '9:1')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/9:1 is not an offset/),
    });
    expect(await run('consumer-group', 'reset')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/Add where to reset to/),
    });
  });
});

it('on the embedded log, npm run consumer-group resets the offsets while the platform runs', async () => {
  const { iot, run, platform } = await startWithDeadLetter();
  await postJson(`${platform.crm}/customers/7`, corinneInRealTime);
  await eventually(async () => expect(await fetchMandate(iot, '7733')).toBe('2'));
  expect((await run('consumer-group', 'describe')).output).toMatch(/^partition +committed +end +lag\n0 /);
  expect((await run('consumer-group', 'reset', '--to', 'earliest')).output).toContain('Done.');
  await eventually(async () => {
    const { sinceStart } = (await getJson(`${iot.url}/status`)).body as { sinceStart: { ignored: number } };
    expect(sinceStart.ignored).toBeGreaterThanOrEqual(9);
  });
  expect(await fetchMandate(iot, '7733')).toBe('2');
});
