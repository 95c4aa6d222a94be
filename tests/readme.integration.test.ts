import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsOf, startDocumented } from './documented-commands.ts';
import { root } from './platform-process.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

let platform: Awaited<ReturnType<typeof startDocumented>>;
beforeAll(async () => {
  platform = await startDocumented();
});
afterAll(() => platform.close());

describe('the README', () => {
  const [start, ...others] = commandsOf('README.md');

  it('shows what npm start prints', () => {
    expect(start?.line).toBe('npm start');
    expect(platform.printed()).toContain(start?.prints);
  });

  it('has commands to work through', () => expect(others.length).toBeGreaterThan(10));

  it.each(others)('shows what this prints: $line', (command) => platform.check(command));

  it('names only scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const named = [...readme.matchAll(/npm (?:run (?:-s )?)?([a-z][a-z:-]*)/g)].map(([, name]) => String(name));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names every environment variable, and .env.example gives their defaults', () => {
    const config = ['crm/config.ts', 'iot-platform/config.ts', 'packages/platform/config.ts'].map((file) =>
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
