import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dataFolder, root } from './platform-process.ts';

type Command = { line: string; prints: string };

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const commands: Command[] = [...readme.matchAll(/^```console\n([\s\S]*?)^```/gm)].flatMap(([, block]) =>
  String(block)
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [line = '', ...prints] = text.split('\n');
      return { line, prints: prints.join('\n').trimEnd() };
    }),
);

/** The README's text as a pattern: `…` stands for anything. */
const pattern = (text: string) => new RegExp(`^${text.split('…').map(literally).join('[^]*?')}\\n?$`);
const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

let platform: ReturnType<typeof spawn>;
let output = '';
const address = (name: string) => new RegExp(`${name} +http://(localhost:\\d+)`).exec(output)?.[1] ?? 'not yet';
const asInReadme = (text: string) =>
  text.replaceAll(address('CRM'), 'localhost:3005').replaceAll(address('IoT platform'), 'localhost:3008');
const asHere = (text: string) =>
  text.replaceAll('localhost:3005', address('CRM')).replaceAll('localhost:3008', address('IoT platform'));

beforeAll(async () => {
  const env = { ...process.env, DATA_DIR: dataFolder(), APP_PORT: '0', APP_REST_PORT: '0' };
  platform = spawn('npm', ['start'], { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  platform.stdout?.on('data', (chunk) => (output += chunk));
  await vi.waitFor(() => expect(output).toContain('Ctrl-C stops'), { timeout: 60_000, interval: 20 });
});
afterAll(async () => {
  process.kill(-(platform.pid as number), 'SIGINT');
  await once(platform, 'close');
});

describe('the README', () => {
  const [start, ...others] = commands;

  it('shows what npm start prints', () => {
    expect(start?.line).toBe('npm start');
    expect(asInReadme(output)).toContain(start?.prints);
  });

  it('has commands to work through', () => expect(others.length).toBeGreaterThan(10));

  it.each(others)('shows what this prints: $line', async ({ line, prints }) => {
    const { stdout } = await promisify(execFile)('bash', ['-c', asHere(line)]);
    expect(asInReadme(stdout)).toMatch(pattern(prints));
  });

  it('names only scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const named = [...readme.matchAll(/npm (?:run )?([a-z][a-z:-]*)/g)].map(([, name]) => String(name));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names every environment variable, and .env.example gives their defaults', () => {
    const config = ['crm/config.ts', 'iot-platform/config.ts', 'lib/config.ts'].map((file) =>
      readFileSync(join(root, file), 'utf8'),
    );
    const variables = new Set(
      config
        .join('\n')
        .match(/^ +[A-Z][A-Z_]+(?=:)/gm)
        ?.map((name) => name.trim()),
    );
    const example = readFileSync(join(root, '.env.example'), 'utf8');
    expect(variables.size).toBeGreaterThan(5);
    for (const variable of variables) {
      expect(readme).toContain(`\`${variable}\``);
      expect(example).toMatch(new RegExp(`^(# )?${variable}=`, 'm'));
    }
  });
});
