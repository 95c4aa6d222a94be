import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  areaOf,
  forbiddenArrows,
  forbiddenSlices,
  privateEntries,
  unknownImports,
  unusedEntries,
} from './architecture/borders.ts';
import { cyclesInFolders } from './architecture/cycles.ts';
import { layout, services, slices } from './architecture/layout.ts';
import { isTest, packageOf, readSources, type Source } from './architecture/sources.ts';

const root = join(import.meta.dirname, '..');
const everything = readSources(root, [
  ...new Set(['packages', ...Object.keys(layout).map((area) => String(area.split('/')[0]))]),
]);
/** What runs in production, and the commands. */
const sources = everything.filter(({ file }) => !isTest(file));

const filesWhere = (isWrong: (source: Source) => boolean) => sources.filter(isWrong).map(({ file }) => file);
const containing = (pattern: RegExp, folder: string) =>
  filesWhere(({ file, text }) => file.startsWith(folder) && pattern.test(text));

describe('borders', () => {
  it('looks at the sources of every area', () => {
    expect(sources.length).toBeGreaterThan(300);
    expect([...new Set(everything.map(({ file }) => areaOf(file)))].toSorted()).toEqual(Object.keys(layout).toSorted());
  });

  it('all that is imported is a source of an area, or a dependency', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, object>;
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
    const ofBench = ['@dapr/dapr'];
    expect(unknownImports(everything, [...Object.keys(declared), ...ofBench])).toEqual([]);
  });

  it('no import is worked out where the program runs', () =>
    expect(containing(/\bimport\((?!\s*(?:\/\*.*?\*\/\s*)?['"])|createRequire\([^)]*\)\(|<reference path/, '')).toEqual(
      [],
    ));

  it('an area imports what the layout allows', () => expect(forbiddenArrows(everything, layout)).toEqual([]));

  it('a slice imports the slices below it, and not the app that is made of them', () =>
    expect(forbiddenSlices(everything, slices)).toEqual([]));

  it('an area, and a slice of a service, is entered by its public face', () =>
    expect(privateEntries(everything, services)).toEqual([]));

  it('what a package shows is used outside', () => expect(unusedEntries(everything)).toEqual([]));

  it('no files, folders or areas import each other in a circle', () => expect(cyclesInFolders(sources)).toEqual([]));
});

describe('words', () => {
  it('packages have none of the domain', () =>
    expect(containing(/customer|mandate|\bmeter/i, 'packages/')).toEqual([]));

  it('projections have none of Dapr, Kafka or HTTP', () =>
    expect(containing(/dapr|kafka|\bhttp/i, 'packages/projections/')).toEqual([]));
});

describe('what enters where', () => {
  it('a slice’s rules import contracts alone', () => {
    const rules = ['crm/customers/customer.ts', 'iot-platform/mandates/mandate.ts'];
    const isRule = ({ file }: Source) => rules.includes(file);
    expect(filesWhere(isRule)).toHaveLength(rules.length);
    const isForeign = (name: string) => !/^(zod$|contracts\/)/.test(name);
    expect(filesWhere((source) => isRule(source) && source.imports.some(isForeign))).toEqual([]);
  });

  it('environment, clock and random ids enter where a service is put together', () => {
    const entering = /process\.env|'node:process'|\bDate\.now\b|new Date\(\)|\brandomUUID\b/;
    const isComposed = ({ file }: Source) =>
      /^(packages|contracts|crm|iot-platform)\//.test(file) && !/^crm\/cli\//.test(file);
    expect(filesWhere((source) => isComposed(source) && entering.test(source.text))).toEqual([
      'packages/embedded/platform.ts',
      'packages/platform/open-adapters.ts',
      'packages/runtime/runtime.ts',
      'crm/main.ts',
      'iot-platform/main.ts',
    ]);
  });

  it.each([
    ['libsql', /^packages\/database\/(sqlite\.ts|threads\/sqlite-thread\.js)$/],
    ['mysql2', /^packages\/database\/mysql\.ts$/],
    ['redis', /^packages\/dapr\/redis-eviction\.ts$/],
    ['kafkajs', /^packages\/kafka\//],
  ])('%s is known to one place', (library, place) => {
    const isProduct = ({ file }: Source) => /^(packages|contracts|crm|iot-platform)\//.test(file);
    const users = filesWhere((source) => isProduct(source) && source.imports.map(packageOf).includes(library));
    expect(users).not.toEqual([]);
    expect(users.filter((file) => !place.test(file))).toEqual([]);
  });

  it('OpenTelemetry is loaded by one dynamic import, where tracing is on', () => {
    const users = filesWhere(({ imports }) => imports.some((name) => name.startsWith('@opentelemetry/')));
    expect(users).not.toEqual([]);
    expect(users.filter((file) => !file.startsWith('packages/tracing/open-telemetry/'))).toEqual([]);
    expect(containing(/(?<!await import\()'\.\/open-telemetry\//, 'packages/tracing/')).toEqual([]);
  });

  it('only the IoT platform’s main.ts knows that Dapr is there', () =>
    expect(
      filesWhere(
        ({ file, imports }) =>
          services.includes(areaOf(file)) && imports.some((name) => /^packages\/(dapr|kafka|embedded)\//.test(name)),
      ),
    ).toEqual(['iot-platform/main.ts']));
});

it('no file is longer than 200 lines', () =>
  expect(filesWhere(({ text }) => text.split('\n').length > 200)).toEqual([]));
