import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFolder, startPlatform, startProgram } from '../platform-process.ts';
import { fetchSchemathesis, type Program } from './fetch-schemathesis.ts';

const schemathesis = await fetchSchemathesis((line) => console.log(line)).catch((error: Error) => {
  if (process.env.CI) throw error;
  console.log(`skipped: the tests with schemathesis. ${error.message}`);
});

describe.skipIf(!schemathesis)('schemathesis finds no server error and no undocumented answer', () => {
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  beforeAll(async () => {
    platform = await startPlatform({ DATA_DIR: dataFolder(), LOG_LEVEL: 'error' });
  });
  afterAll(() => platform?.end('SIGTERM'));

  it.each([
    ['CRM', 'crm'],
    ['IoT platform', 'iotPlatform'],
    ['customer-view', 'customerView'],
  ] as const)('in the %s', async (_, service) => {
    const config = `tests/schemathesis/${service === 'crm' ? 'crm' : 'views'}.toml`;
    const { program, args, env } = schemathesis as Program;
    const url = `${platform[service]}/openapi.json`;
    const run = startProgram(program, [...args, '--config-file', config, 'run', url], env);
    expect(await run.ended, run.output()).toBe(0);
    expect(run.output()).toMatch(/(\d+) generated, \1 passed/);
  });
});
