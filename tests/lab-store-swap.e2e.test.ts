import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson } from './http.ts';
import { dataFolder, type RunningProcess, startProcess, startProgram, waitForOutput } from './platform-process.ts';
import { createComponentsFolder } from './stack/dapr-lab.ts';
import { resetStack, withKafkaAdmin } from './stack/fresh.ts';
import { ports, stackEnvironment } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const iotPlatform = { url: `http://127.0.0.1:${ports.iotPlatforms[0].rest}` };
/** The mandates of data/customer-database.csv. */
const mandates = { 8179: '2', 1721: '0', 5138: '1', 8332: '2', 4512: '0', 5690: '2', 7733: '1', 3481: '1' };

let resources: string;
let database: string;
let lab: RunningProcess;

const startLab = (env: Record<string, string> = {}) => {
  lab = startProcess('scripts/lab.ts', {
    ...stackEnvironment,
    LAB_PORTS: String(ports.lab),
    RESOURCES_PATH: resources,
    // A CRM in memory would publish all mandates again, so the view would not stay empty.
    CRM_DATABASE_URL: database,
    ...env,
  });
  return lab;
};
/** Runs a printed line as in a second terminal. */
const type = async (line: string) => {
  const command = startProgram('bash', ['-c', line], {});
  return { code: await command.ended, output: command.output() };
};
const command = (text: string) => `LAB_PORTS=${ports.lab} npm run -s lab -- ${text}`;

const waitForAllMandates = () =>
  eventually(async () => {
    const shown = Object.keys(mandates).map(async (id) => [id, await fetchMandate(iotPlatform, id)]);
    expect(Object.fromEntries(await Promise.all(shown))).toEqual(mandates);
  });
const waitUntilReady = () =>
  eventually(async () => expect((await getJson(`${iotPlatform.url}/readyz`)).body).toMatchObject({ status: 'ready' }));
const edit = (file: string, change: (yaml: string) => string) => {
  const path = join(resources, file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
};
const moveStatestoreToMySql = () =>
  edit('statestore.yaml', () =>
    readFileSync(join(resources, 'durable-statestore.yaml'), 'utf8').replace('name: durable-', 'name: '),
  );
const restartLab = async (env: Record<string, string> = {}) => {
  expect(await lab.end('SIGTERM')).toBe(0);
  startLab(env);
};

/** Waits until the lab prints the remedies. @returns the commands of one of them */
const waitForRemedy = async (letter: 'a' | 'b', shown: 404 | 503 = 404) => {
  await eventually(async () => expect(await fetchMandate(iotPlatform, '7733')).toBe(shown));
  const [text] = await waitForOutput(
    lab,
    /The view of the IoT platform in \S+ is (?:empty|incomplete): [\s\S]*reads from the first event/,
  );
  if (shown === 404) expect(text).toContain('never filled, and the consumer group has read 8 events');
  const block = new RegExp(`  ${letter}\\) .*\\n((?:    .*\\n)+)`).exec(String(text));
  return String(block?.[1]).trim().split(/\n +/);
};
const expectRepaired = async () => {
  await waitForAllMandates();
  await waitUntilReady();
  await waitForOutput(lab, /The IoT platform is ready: its view has every event/);
};

describe.runIf(await isStackReady())('the view of npm run lab, after its state store was replaced', () => {
  beforeEach(async () => {
    await resetStack();
    resources = createComponentsFolder();
    database = `sqlite:${dataFolder()}/crm.sqlite`;
    await waitForOutput(startLab(), /Ctrl-C stops/);
    await waitForAllMandates();
    // An empty store is noticed only after the group has committed offsets.
    await eventually(async () => expect((await type(groupCommand('describe'))).output).not.toMatch(/[1-9]\d*$/m));
  });
  afterEach(async () => void (await lab?.end('SIGTERM')));

  const groupCommand = (text: string) => `LAB_PORTS=${ports.lab} npm run -s consumer-group -- ${text}`;

  it('by another name, is filled by npm run rebuild', async () => {
    await restartLab({ STATESTORE_NAME: 'durable-statestore' });
    const remedy = await waitForRemedy('a');
    expect(remedy).toEqual([`LAB_PORTS=${ports.lab} npm run rebuild`]);
    const rebuilt = await type(String(remedy[0]));
    expect(rebuilt).toMatchObject({
      code: 0,
      output: expect.stringContaining('in durable-statestore answers now, after'),
    });
    await expectRepaired();
    expect(lab.output()).not.toContain('possible etag mismatch');
  });

  it('by another name for a restarted member, is filled by a reset of the stopped group', async () => {
    await type(command('stop iot-platform'));
    const started = await type(`STATESTORE_NAME=durable-statestore ${command('start iot-platform')}`);
    expect(started.output).toMatch(/not ready yet:\n(.*\n)*.* view: This store was never filled/);
    const [stop, reset, start] = await waitForRemedy('b');
    expect(await type(String(stop))).toMatchObject({
      code: 0,
      output: expect.stringContaining('has left its consumer'),
    });
    const { groups } = await withKafkaAdmin((admin) => admin.describeGroups(['iot-platform-consumer']));
    expect(groups[0]?.members).toEqual([]);
    const wasReset = await type(String(reset));
    expect(wasReset).toMatchObject({ code: 0, output: expect.stringContaining('Done.') });
    expect(wasReset.output).not.toContain('Waiting');
    expect(await type(String(start))).toMatchObject({ code: 0, output: expect.stringContaining('is ready at') });
    await expectRepaired();
    expect((await getJson(`${iotPlatform.url}/status`)).body).toMatchObject({ store: 'durable-statestore' });
  });

  it.each([
    'a',
    'b',
  ] as const)('by another name while the CRM publishes everything again, is filled by remedy %s', async (letter) => {
    // The empty store gets the second eight events and misses the first eight.
    await restartLab({ STATESTORE_NAME: 'durable-statestore', CRM_DATABASE_URL: 'memory' });
    for (const line of await waitForRemedy(letter, 503)) expect(await type(line)).toMatchObject({ code: 0 });
    await expectRepaired();
  });

  it('by an edited YAML that the running sidecar reloads, is filled by npm run rebuild', async () => {
    moveStatestoreToMySql();
    const [rebuild] = await waitForRemedy('a');
    expect(await type(String(rebuild))).toMatchObject({ code: 0 });
    await expectRepaired();
  });

  it('by an edited YAML before the start, is filled by a renamed group', async () => {
    moveStatestoreToMySql();
    await restartLab();
    const [stop, , start] = await waitForRemedy('b');
    expect(lab.output()).toContain(`rename consumerGroup in ${join(resources, 'iot-platform-pubsub.yaml')}`);
    await type(String(stop));
    edit('iot-platform-pubsub.yaml', (yaml) => yaml.replace('iot-platform-consumer', 'renamed-consumer'));
    expect(await type(String(start))).toMatchObject({ code: 0, output: expect.stringContaining('is ready at') });
    await expectRepaired();
    expect((await getJson(`${iotPlatform.url}/status`)).body).toMatchObject({ consumerGroup: 'renamed-consumer' });
    await type(String(stop));
    const reset = await type(groupCommand('reset --to earliest'));
    expect(reset).toMatchObject({ code: 0, output: expect.stringContaining('Done.') });
    const { groups } = await withKafkaAdmin((admin) => admin.describeGroups(['renamed-consumer']));
    expect(groups[0]).toMatchObject({ groupId: 'renamed-consumer', state: 'Empty' });
    expect((await type(groupCommand('describe'))).output).toMatch(/^0 +0 /m);
  });

  it('survives a sidecar that ends, which the lab restarts; a service that ends ends the lab', async () => {
    const { output } = await type(command('status'));
    const [service, sidecar] = /^iot-platform +pid (\d+) +pid (\d+) .* yes$/m.exec(output)?.slice(1).map(Number) ?? [];
    process.kill(sidecar as number, 'SIGKILL');
    await waitForOutput(lab, /The sidecar of iot-platform ended with SIGKILL/);
    await eventually(async () => expect((await type(command('status'))).output).not.toContain(`pid ${sidecar} `));
    await waitUntilReady();
    process.kill(service as number, 'SIGKILL');
    expect(await lab.ended).toBe(1);
    expect(await type(command('status'))).toMatchObject({ code: 1, output: expect.stringContaining('No lab runs') });
  });
});
