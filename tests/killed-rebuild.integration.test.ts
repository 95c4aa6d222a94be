import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';
import { canFakeClocks, fakeClock } from './fake-clock.ts';
import { fetchMandate, getJson } from './http.ts';
import { dataFolder, programWords, startPlatform, startProgram } from './platform-process.ts';
import { startSilentCrm } from './silent-crm.ts';

/** Starts the platform. @returns functions that run rebuilds */
const withPlatform = async () => {
  const env = { DATA_DIR: dataFolder(), LOG_LEVEL: 'warn' };
  const platform = await startPlatform(env);
  onTestFinished(async () => void (await platform.end('SIGKILL')));
  const view = async () =>
    (await getJson(`${platform.iotPlatform}/status`)).body.view as { rebuild?: { holder: string } };
  const start = (crm: string, clock: Record<string, string> = {}, ...args: string[]) => {
    const script = [...programWords('scripts/rebuild.ts'), '--embedded', '--crm', crm, ...args];
    return startProgram(process.execPath, script, { ...env, ...clock });
  };
  /** Starts a rebuild that holds the lease until it is killed. */
  const startEndless = async (clock: Record<string, string> = {}) => {
    const rebuild = start(await startSilentCrm(), clock);
    onTestFinished(async () => void (await rebuild.end('SIGKILL')));
    await eventually(async () => expect(await view()).toMatchObject({ rebuild: { phase: 'filled' } }));
    return rebuild;
  };
  /** Runs a rebuild. @returns its output with the exit code */
  const run = async (clock: Record<string, string>, ...args: string[]) => {
    const rebuild = start(platform.crm, clock, ...args);
    const code = await rebuild.ended;
    return `${rebuild.output()}exit code ${code}`;
  };
  return { view, startEndless, run, iotPlatform: { url: platform.iotPlatform } };
};

describe.skipIf(!(await canFakeClocks()))('a rebuild', () => {
  it('that was killed with its clock a day ahead is continued by the next one', async () => {
    const { startEndless, run, view, iotPlatform } = await withPlatform();
    expect(await (await startEndless(fakeClock('+1d'))).end('SIGKILL')).toBe('SIGKILL');
    expect(await run({})).toMatch(/has not released its lease[\s\S]*Continuing with Generation 2[\s\S]*exit code 0$/);
    expect(await view()).toMatchObject({ state: 'complete', generation: { number: 2 } });
    expect(await fetchMandate(iotPlatform, '7733')).toBe('1');
  });

  it('that was killed with its clock a day ahead is given up, and not after a day', async () => {
    const { startEndless, run, view } = await withPlatform();
    expect(await (await startEndless(fakeClock('+1d'))).end('SIGKILL')).toBe('SIGKILL');
    expect(await run({}, '--abandon')).toMatch(/Generation 2 in statestore is given up and removed\.\nexit code 0$/);
    expect(await view()).toMatchObject({ state: 'complete', generation: { number: 1 } });
    expect(await view()).not.toHaveProperty('rebuild');
  });

  it('that runs is not taken over by one whose clock is a day ahead', async () => {
    const { startEndless, run, view } = await withPlatform();
    const { pid } = await startEndless();
    for (const args of [[], ['--abandon']])
      expect(await run(fakeClock('+1d'), ...args)).toMatch(/is in progress[\s\S]*exit code 1$/);
    expect((await view()).rebuild?.holder).toContain(`process ${pid} `);
  });
});
