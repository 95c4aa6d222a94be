import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reportAgreement } from '../scripts/demo/run-demo.ts';
import { explainConnections, findDisagreements } from '../scripts/demo/verify-agreement.ts';
import { eventually } from './eventually.ts';
import { getJson } from './http.ts';
import { dataFolder, startPlatform, startProcess, waitForOutput } from './platform-process.ts';
import { trackProcesses } from './track-processes.ts';

const started = trackProcesses();

/** Runs the demo with its own folder for temporary files, and with the variables of another platform. */
const startDemo = () => {
  const TMPDIR = join(dataFolder(), 'tmp');
  mkdirSync(TMPDIR);
  const otherDataDir = join(TMPDIR, '../data');
  const others = { DATA_DIR: otherDataDir, CRM_URL: 'http://localhost:1', DAPR_HTTP_PORT: '1', CUSTOMERS_CSV: 'none' };
  const demo = startProcess('scripts/demo.ts', { TMPDIR, ...others });
  started.push(demo);
  return {
    demo,
    folder: TMPDIR,
    otherDataDir,
    listFolders: () => readdirSync(TMPDIR).filter((name) => name.includes('demo')),
  };
};
const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** The processes whose environment has the folder; Linux shows them. */
const findProcesses = (folder: string): string[] =>
  (existsSync('/proc') ? readdirSync('/proc') : []).filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder);
    } catch {
      return false; // it has ended, or belongs to another user
    }
  });

describe('npm run demo', () => {
  it('shows a change, a kill, a restart and the agreement, and leaves nothing behind', async () => {
    const { demo, otherDataDir, listFolders } = startDemo();
    expect(await demo.ended, demo.output()).toBe(0);
    const output = demo.output();
    expect(output.match(/^\d\. .*/gm)).toHaveLength(6);
    expect(output).toContain('The CRM has loaded 8 customers');
    expect(output).toMatch(/\$ curl http:\S+\/mandates\/7733\n {2}\{"connectionId":"7733","connectionMandate":"1"/);
    expect(output).toMatch(/minRevision=\d+&waitMs=5000'\n {2}\{"connectionId":"7733","connectionMandate":"2"/);
    expect(output).toMatch(/showed the change \d+ ms after the answer/);
    const [answered, unanswered] = /(\d+) changes had been answered\. (\d+) had no answer/.exec(output)?.slice(1) ?? [];
    expect(Number(answered)).toBeGreaterThanOrEqual(200);
    expect(Number(unanswered)).toBe(8);
    expect(output).toContain('Log, CRM and view agree.');
    expect(output).toContain(`all ${answered} answered changes are in the log, and for all 8 connections`);
    expect(output).not.toContain('\u001b[');
    for (const [, pid] of output.matchAll(/as process (\d+)/g)) expect(isRunning(Number(pid))).toBe(false);
    expect(listFolders()).toEqual([]);
    expect(existsSync(otherDataDir)).toBe(false);
  });

  it.each([
    ['SIGINT', '1. Start', /as process \d+/],
    ['SIGTERM', '4. Kill', /^4\. /m],
    ['SIGINT', '5. Start', /^5\. /m],
  ] as const)('ends its process and removes its folder at %s in the step %s', async (signal, _, pattern) => {
    const { demo, folder, listFolders } = startDemo();
    await waitForOutput(demo, pattern);
    expect(listFolders()).toHaveLength(1);
    // As from npm and the terminal.
    void demo.end(signal);
    expect(await demo.end(signal)).toBe(130);
    for (const [, pid] of demo.output().matchAll(/as process (\d+)/g)) expect(isRunning(Number(pid))).toBe(false);
    expect(listFolders()).toEqual([]);
    expect(findProcesses(folder)).toEqual([]);
  });
});

describe('the comparison at the end of npm run demo', () => {
  it('reports an answered change that no side has', async () => {
    const DATA_DIR = dataFolder();
    const platform = await startPlatform({ DATA_DIR });
    started.push(platform);
    const shown = async () => (await getJson(`${platform.iotPlatform}/mandates/7733`)).body;
    await eventually(async () => expect(await shown()).toMatchObject({ connectionMandate: '1' }));
    const revision = Number((await shown()).revision);
    const explanations = await explainConnections(['7733', '4512'], { ...process.env, DATA_DIR });
    const change = { connectionId: '7733', level: '1', revision };
    expect(findDisagreements([change], explanations)).toEqual([]);
    const lost = { ...change, revision: revision + 1 };
    const disagreements = findDisagreements([change, lost], explanations);
    expect(disagreements).toEqual([
      expect.stringContaining(`revision ${revision + 1}, is not in the log`),
      expect.stringContaining(`the CRM has revision ${revision}, which is older`),
      expect.stringContaining(`the view has revision ${revision}, which is older`),
    ]);
    const lines: string[] = [];
    const explain = (line: string) => void lines.push(line);
    expect(reportAgreement(disagreements, { answered: 2, connections: 2 }, { explain })).toBe(false);
    expect(lines).toContain(`  ${disagreements[0]}`);
  });
});
