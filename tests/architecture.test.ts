import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  areaOf,
  findForbiddenImports,
  findForbiddenSliceImports,
  findPrivateImports,
  findUnknownImports,
  findUnusedPublicFiles,
} from './architecture/borders.ts';
import { findFolderCycles } from './architecture/cycles.ts';
import { layout, services, slices } from './architecture/layout.ts';
import { isTest, packageOf, readSources, type Source } from './architecture/sources.ts';

const root = join(import.meta.dirname, '..');
const everything = readSources(root, [
  ...new Set(['packages', ...Object.keys(layout).map((area) => String(area.split('/')[0]))]),
]);
/** The sources of services, packages and commands. */
const sources = everything.filter(({ file }) => !isTest(file));

const filesWhere = (isWrong: (source: Source) => boolean) => sources.filter(isWrong).map(({ file }) => file);
const containing = (pattern: RegExp, folder: string) =>
  filesWhere(({ file, text }) => file.startsWith(folder) && pattern.test(text));

describe('borders', () => {
  it('the rules see the sources of every area', () => {
    expect(sources.length).toBeGreaterThan(300);
    expect([...new Set(everything.map(({ file }) => areaOf(file)))].toSorted()).toEqual(Object.keys(layout).toSorted());
  });

  it('every import is a source of an area or a declared dependency', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, object>;
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
    // The benchmarks and npm run schemas.
    const developmentDependencies = ['@dapr/dapr', 'avsc', 'playwright-core'];
    expect(findUnknownImports(everything, [...Object.keys(declared), ...developmentDependencies])).toEqual([]);
  });

  it('no import path is computed at run time', () =>
    expect(containing(/\bimport\((?!\s*(?:\/\*.*?\*\/\s*)?['"])|createRequire\([^)]*\)\(|<reference path/, '')).toEqual(
      [],
    ));

  it('an area imports only what the layout allows', () => expect(findForbiddenImports(everything, layout)).toEqual([]));

  it('a slice imports only the slices below it, and not the app', () =>
    expect(findForbiddenSliceImports(everything, slices)).toEqual([]));

  it('an area and a slice of a service are imported by their public files only', () =>
    expect(findPrivateImports(everything, services)).toEqual([]));

  it('the public files of a package are imported by other areas', () =>
    expect(findUnusedPublicFiles(everything)).toEqual([]));

  it('there is no import cycle of files, folders or areas', () => expect(findFolderCycles(sources)).toEqual([]));
});

describe('words', () => {
  it('packages do not mention the domain', () =>
    expect(containing(/customer|mandate|\bmeter/i, 'packages/')).toEqual([]));

  it('projections do not mention Dapr, Kafka or HTTP', () =>
    expect(containing(/dapr|kafka|\bhttp/i, 'packages/projections/')).toEqual([]));
});

describe('dependencies', () => {
  it('the rules of a slice import contracts only', () => {
    const rules = ['crm/customers/customer.ts', 'iot-platform/mandates/mandate.ts'];
    const isRule = ({ file }: Source) => rules.includes(file);
    expect(filesWhere(isRule)).toHaveLength(rules.length);
    const isForeign = (name: string) => !/^(zod$|contracts\/)/.test(name);
    expect(filesWhere((source) => isRule(source) && source.imports.some(isForeign))).toEqual([]);
  });

  it('only the composition of a service reads environment, clock and random ids', () => {
    const ambient = /process\.env|'node:process'|\bDate\.now\b|new Date\(\)|\brandomUUID\b/;
    const isComposed = ({ file }: Source) =>
      /^(packages|contracts|crm|customer-view|iot-platform)\//.test(file) && !/^crm\/cli\//.test(file);
    expect(filesWhere((source) => isComposed(source) && ambient.test(source.text))).toEqual([
      'packages/embedded/platform.ts',
      'packages/platform/open-adapters.ts',
      'packages/runtime/runtime.ts',
      'packages/platform/sidecar/open-sidecar-stores.ts',
      'contracts/mandates-encoding.ts',
      'crm/main.ts',
      'customer-view/main.ts',
      'iot-platform/main.ts',
    ]);
  });

  it.each([
    ['libsql', /^packages\/database\/(sqlite\.ts|threads\/sqlite-thread\.js)$/],
    ['mysql2', /^packages\/database\/mysql\/mysql-pool\.ts$/],
    ['redis', /^packages\/dapr\/redis-eviction\.ts$/],
    ['kafkajs', /^packages\/kafka\//],
  ])('%s is imported in one place only', (library, place) => {
    const isProduct = ({ file }: Source) => /^(packages|contracts|crm|customer-view|iot-platform)\//.test(file);
    const users = filesWhere((source) => isProduct(source) && source.imports.map(packageOf).includes(library));
    expect(users).not.toEqual([]);
    expect(users.filter((file) => !place.test(file))).toEqual([]);
  });

  it('OpenTelemetry is loaded by one dynamic import, only where tracing is on', () => {
    const users = filesWhere(({ imports }) => imports.some((name) => name.startsWith('@opentelemetry/')));
    expect(users).not.toEqual([]);
    expect(users.filter((file) => !file.startsWith('packages/tracing/open-telemetry/'))).toEqual([]);
    expect(containing(/(?<!await import\()'\.\/open-telemetry\//, 'packages/tracing/')).toEqual([]);
  });

  it('redis is loaded by one dynamic import, only where REDIS_URL is set', () =>
    expect(containing(/(?<!await import\()'redis'/, 'packages/dapr/')).toEqual([]));

  it('of the services only the IoT platform’s main.ts imports an adapter', () =>
    expect(
      filesWhere(
        ({ file, imports }) =>
          services.includes(areaOf(file)) && imports.some((name) => /^packages\/(dapr|kafka|embedded)\//.test(name)),
      ),
    ).toEqual(['iot-platform/main.ts']));
});

it('no file is longer than 200 lines', () =>
  expect(filesWhere(({ text }) => text.split('\n').length > 200)).toEqual([]));
