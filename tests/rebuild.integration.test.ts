import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchMandate, getJson, postJson } from './http.ts';
import { corinneInRealTime } from './lab-customers.ts';
import { dataFolder, programWords, root, startPlatform, startProgram } from './platform-process.ts';

const docs = readFileSync(join(root, 'docs/rebuild.md'), 'utf8');
const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
/** The text of the docs as a pattern, in which `…` matches any text. */
const toPattern = (text: string) => new RegExp(`^${text.trim().split('…').map(escapeRegExp).join('[\\s\\S]*?')}`);
/** The output of a command as shown in the docs. */
const documentedOutput = (command: string) => {
  const [, printed] = new RegExp(`^\\$ ${escapeRegExp(command)}\\n([\\s\\S]*?)\`\`\``, 'm').exec(docs) ?? [];
  return toPattern(String(printed));
};

describe('npm run rebuild, while npm start runs', () => {
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  const env = { DATA_DIR: dataFolder(), LOG_LEVEL: 'warn' };
  beforeAll(async () => {
    platform = await startPlatform(env);
  });
  afterAll(() => platform.end('SIGTERM'));

  const rebuild = async (...args: string[]) => {
    const script = [...programWords('scripts/rebuild.ts'), '--embedded', '--crm', platform.crm, ...args];
    const command = startProgram(process.execPath, script, env);
    const code = await command.ended;
    return `${command.output().replaceAll(platform.crm, 'http://localhost:3005')}exit code ${code}`;
  };
  const generation = async () =>
    ((await getJson(`${platform.iotPlatform}/status`)).body.view as { generation: object }).generation;
  const iot = () => ({ url: platform.iotPlatform });

  it('prints what the docs show', async () => {
    expect(await rebuild()).toMatch(documentedOutput('npm run rebuild'));
    const status = execFileSync('curl', ['-s', `${platform.iotPlatform}/status`]).toString();
    expect(status).toMatch(documentedOutput('curl http://localhost:3008/status'));
    expect(await fetchMandate(iot(), '7733')).toBe('1');
  });

  it('switches back to a generation that was kept up to date', async () => {
    await postJson(`${platform.crm}/customers/7`, corinneInRealTime);
    expect(await rebuild('--switch-back')).toBe('Generation 1 in statestore answers now.\nexit code 0');
    expect(await generation()).toEqual({ number: 1 });
    expect(await fetchMandate(iot(), '7733')).toBe('2');
  });

  it('fills another store', async () => {
    expect(await rebuild('--into', 'elsewhere')).toMatch(/STATESTORE_NAME=elsewhere and restart[\s\S]*exit code 0$/);
    expect(await generation()).toEqual({ number: 3, store: 'elsewhere' });
    expect(await fetchMandate(iot(), '7733')).toBe('2');
  });

  it('prints the plan with --dry-run, and changes nothing', async () => {
    expect(await rebuild('--dry-run')).toMatch(
      /filled: Generation 4 in statestore\.\nNothing was changed\.\nexit code 0$/,
    );
    expect(await generation()).toEqual({ number: 3, store: 'elsewhere' });
  });

  it('refuses an unreachable CRM and a wrong store with the remedy', async () => {
    expect(await rebuild('--crm', 'http://127.0.0.1:9')).toMatch(/does not answer .* --without-crm\.\nexit code 1$/);
    expect(await rebuild('--in-place')).toMatch(
      /Generation 3 in elsewhere, not in .* STATESTORE_NAME=elsewhere\.\nexit/,
    );
  });

  it('names the missing file when there is no view', async () => {
    const script = [...programWords('scripts/rebuild.ts'), '--embedded'];
    const command = startProgram(process.execPath, script, { DATA_DIR: dataFolder() });
    expect(await command.ended).toBe(1);
    expect(command.output()).toMatch(/^There is no .*platform\.sqlite\. Start the platform with npm start/);
  });
});
