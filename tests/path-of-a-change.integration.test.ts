import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { comparePath } from './path-of-a-change/compare-path.ts';
import { readDocumentedPath } from './path-of-a-change/documented-path.ts';
import type { Recording } from './path-of-a-change/record-calls.ts';
import { dataFolder, root, startProcess, waitForOutput } from './platform-process.ts';

const path = readDocumentedPath(readFileSync(join(root, 'docs/architecture.md'), 'utf8'));

describe('the path of a change in docs/architecture.md', () => {
  it('is the path that a change takes on the embedded adapters', async () => {
    const observed = path.stops.map(({ file }) => file);
    const env = { DATA_DIR: dataFolder(), LOG_LEVEL: 'warn' };
    const platform = startProcess('tests/path-of-a-change/change-one-mandate.ts', env, observed);
    onTestFinished(() => void platform.end('SIGKILL'));
    const [recording] = await waitForOutput(platform, /^recorded (.*)\n/m);
    expect(comparePath(path, JSON.parse(String(recording)) as Recording)).toEqual([]);
  });

  it('links to files and folders that exist', () => {
    const linked = [...path.stops, ...path.onDapr].flatMap(({ file, alsoCalled }) => [file, ...alsoCalled]);
    const links = [...linked, ...path.onTheWay, ...path.inBackground];
    expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
  });

  it.each(path.onDapr)('has at stop $number on Dapr the function $name', ({ number, name, file }) => {
    expect(path.stops.map((stop) => stop.number)).toContain(number);
    expect(readFileSync(join(root, file), 'utf8')).toMatch(new RegExp(`\\b${name}(: | = )(async )?\\(`));
  });
});
