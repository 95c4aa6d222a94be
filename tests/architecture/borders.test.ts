import { describe, expect, it } from 'vitest';
import {
  findForbiddenImports,
  findForbiddenSliceImports,
  findPrivateImports,
  findUnknownImports,
  findUnusedPublicFiles,
} from './borders.ts';
import { findCycles, findFolderCycles } from './cycles.ts';
import { isTest, packageOf, sourceOf } from './sources.ts';

/** Source files from a table of their imports. */
const sources = (files: Record<string, readonly string[]>) =>
  Object.entries(files).map(([file, imports]) => ({ file, text: '', imports }));

describe('the imports of a file', () => {
  it.each([
    ["import { a } from './b.ts';", 'crm/b.ts'],
    ["import type { A } from './b.ts';", 'crm/b.ts'],
    ["import {\n  a,\n  type B,\n} from './b.ts';", 'crm/b.ts'],
    ["export * from './b.ts';", 'crm/b.ts'],
    ["import './b.ts';", 'crm/b.ts'],
    ["const { a } = await import('./b.ts');", 'crm/b.ts'],
    ["const { a } = await import(/* late */ './b.ts');", 'crm/b.ts'],
    ['const { a } = await import(`./b.ts`);', 'crm/b.ts'],
    ["const { a } = require('./b.ts');", 'crm/b.ts'],
    ["// what it takes 'from'\nimport { a } from './b.ts';", 'crm/b.ts'],
    ["type A = import('./b.ts').A;", 'crm/b.ts'],
    ["new Worker(new URL('./b.js', import.meta.url));", 'crm/b.js'],
    ["fork(join(import.meta.dirname, 'b.ts'));", 'crm/b.ts'],
    ["import { a } from '../packages/csv/b.ts';", 'packages/csv/b.ts'],
    ['import { a } from "kysely";', 'kysely'],
    ["import { join } from 'node:path';", 'node:path'],
  ])('%s', (text, imported) => expect(sourceOf('crm/a.ts', text).imports).toEqual([imported]));
});

describe('areas', () => {
  const layout = { crm: ['packages/csv'], 'packages/csv': [], tests: ['crm', 'packages/csv', 'tests'] };

  it('may import what the layout allows', () =>
    expect(
      findForbiddenImports(
        sources({
          'crm/a.ts': ['packages/csv/a.ts', 'kysely', 'crm/b/c.ts'],
          'crm/b/c.ts': [],
          'packages/csv/a.ts': [],
        }),
        layout,
      ),
    ).toEqual([]));

  it('may not import anything else', () =>
    expect(
      findForbiddenImports(
        sources({ 'packages/csv/a.ts': ['crm/a.ts'], 'packages/new/a.ts': ['packages/csv/a.ts'], 'crm/a.ts': [] }),
        layout,
      ),
    ).toEqual(['packages/csv/a.ts → crm/a.ts', 'packages/new/a.ts → packages/csv/a.ts']));

  it('may import more in a test, but may not import helpers of tests elsewhere', () =>
    expect(
      findForbiddenImports(
        sources({
          'packages/csv/a.test.ts': ['crm/a.ts', 'tests/b.ts'],
          'crm/a.ts': ['tests/b.ts'],
          'tests/b.ts': [],
        }),
        layout,
      ),
    ).toEqual(['crm/a.ts → tests/b.ts']));

  it('may not reach another area through a test file', () =>
    expect(
      findForbiddenImports(
        sources({
          'packages/csv/a.ts': ['packages/csv/b.contract.ts'],
          'packages/csv/b.contract.ts': ['crm/a.ts'],
          'packages/csv/c.test.ts': ['packages/csv/b.contract.ts'],
          'crm/a.ts': [],
        }),
        layout,
      ),
    ).toEqual(['packages/csv/a.ts → packages/csv/b.contract.ts']));
});

it.each([
  ['by another ending', 'crm/b.js'],
  ['without an ending', 'crm/b'],
  ['with a query', 'crm/b.ts?x'],
  ['by an absolute path', '/crm/b.ts'],
  ['in a folder that is no area', 'shared/b.ts'],
  ['by an alias', '#crm/b.ts'],
  ['of a package that is not declared', 'left-pad'],
])('an import of a file %s is unknown', (_, imported) =>
  expect(findUnknownImports(sources({ 'crm/a.ts': [imported], 'crm/b.ts': [] }), ['zod'])).toEqual([
    `crm/a.ts → ${imported}`,
  ]));

it('sources, data, dependencies and modules of Node are known', () =>
  expect(
    findUnknownImports(
      sources({ 'crm/a.ts': ['crm/b.ts', 'package.json', 'zod', 'mysql2/promise', 'node:fs'], 'crm/b.ts': [] }),
      ['zod', 'mysql2'],
    ),
  ).toEqual([]));

it('the package of an import is its first segment, or the first two with a scope', () =>
  expect(['zod', 'mysql2/promise', '@dapr/dapr', '@a/b/c.js'].map(packageOf)).toEqual([
    'zod',
    'mysql2',
    '@dapr/dapr',
    '@a/b',
  ]));

describe('public files', () => {
  const enter = (file: string, imported: string) =>
    findPrivateImports(sources({ [file]: [imported], [imported]: [] }), ['crm']);

  it.each([
    ['crm/a.ts', 'packages/csv/read.ts'],
    ['crm/a.ts', 'packages/csv/rows/index.ts'],
    ['packages/csv/read.ts', 'packages/csv/rows/split.ts'],
    ['crm/imports/a.ts', 'crm/customers/index.ts'],
    ['crm/imports/a.ts', 'crm/imports/check/b.ts'],
    ['scripts/a.ts', 'crm/customers/change/index.ts'],
    ['crm/app.ts', 'crm/customers/routes.ts'],
    ['crm/imports/a.ts', 'crm/config.ts'],
    ['scripts/rebuild/a.ts', 'scripts/stack/b.ts'],
    ['crm/imports/a.test.ts', 'crm/customers/rules.ts'],
    ['bench/lists.ts', 'crm/customers/rules.ts'],
  ])('%s may import %s', (file, imported) => expect(enter(file, imported)).toEqual([]));

  it.each([
    ['crm/a.ts', 'packages/csv/rows/split.ts'],
    ['packages/http/a.ts', 'packages/csv/rows/split.ts'],
    ['scripts/a.ts', 'crm/customers/rules.ts'],
    ['crm/imports/a.ts', 'crm/customers/rules.ts'],
    ['crm/imports/check/a.ts', 'crm/customers/change/index.ts'],
  ])('%s may not import %s', (file, imported) => expect(enter(file, imported)).toEqual([`${file} → ${imported}`]));
});

describe('slices', () => {
  const slices = { 'crm/customers': ['crm/database'], 'crm/database': [] };
  const arrow = (file: string, imported: string) =>
    findForbiddenSliceImports(sources({ [file]: [imported], [imported]: [] }), slices);

  it.each([
    ['crm/customers/a.ts', 'crm/database/index.ts'],
    ['crm/customers/a.ts', 'crm/customers/change/b.ts'],
    ['crm/cli/a.ts', 'crm/customers/index.ts'],
    ['crm/app.ts', 'crm/customers/index.ts'],
    ['crm/database/a.test.ts', 'crm/customers/index.ts'],
  ])('%s may import %s', (file, imported) => expect(arrow(file, imported)).toEqual([]));

  it.each([
    ['crm/database/a.ts', 'crm/customers/index.ts'],
    ['crm/customers/a.ts', 'crm/imports/index.ts'],
    ['crm/customers/a.ts', 'crm/app.ts'],
  ])('%s may not import %s', (file, imported) => expect(arrow(file, imported)).toEqual([`${file} → ${imported}`]));
});

it('a public file that no other area imports is found', () =>
  expect(
    findUnusedPublicFiles(
      sources({
        'packages/csv/used.ts': ['packages/csv/inner.ts'],
        'packages/csv/inner.ts': [],
        'packages/csv/rows/index.ts': [],
        'packages/csv/rows/split.ts': [],
        'packages/csv/used.test.ts': ['packages/csv/inner.ts'],
        'crm/a.ts': ['packages/csv/used.ts'],
      }),
    ),
  ).toEqual(['packages/csv/inner.ts', 'packages/csv/rows/index.ts']));

describe('cycles', () => {
  it('of any length are found once', () => {
    const graph = { a: ['b'], b: ['c', 'd'], c: ['a'], d: ['e', 'd'], e: [], f: ['g'], g: ['f', 'a'] };
    const cycles = findCycles(new Map(Object.entries(graph).map(([node, next]) => [node, new Set(next)])));
    expect(cycles).toEqual([
      ['a', 'b', 'c'],
      ['f', 'g'],
    ]);
  });

  it.each([
    ['of two files', { 'crm/a.ts': ['crm/b.ts'], 'crm/b.ts': ['crm/a.ts'] }, 'crm/a.ts ↔ crm/b.ts'],
    [
      'of three files',
      { 'crm/a.ts': ['crm/b.ts'], 'crm/b.ts': ['crm/c.ts'], 'crm/c.ts': ['crm/a.ts'] },
      'crm/a.ts ↔ crm/b.ts ↔ crm/c.ts',
    ],
    [
      'of folders without a cycle of files',
      { 'crm/x/a.ts': ['crm/y/a.ts'], 'crm/y/b.ts': ['crm/x/b.ts'], 'crm/y/a.ts': [], 'crm/x/b.ts': [] },
      'crm/x ↔ crm/y',
    ],
    [
      'of a folder and a file next to it',
      { 'crm/x/a.ts': ['crm/b.ts'], 'crm/b.ts': ['crm/x/c.ts'], 'crm/x/c.ts': [] },
      'crm/b.ts ↔ crm/x',
    ],
    [
      'of folders within a slice',
      { 'crm/s/x/a.ts': ['crm/s/y/a.ts'], 'crm/s/y/a.ts': ['crm/s/x/b.ts'], 'crm/s/x/b.ts': [] },
      'crm/s/x ↔ crm/s/y',
    ],
    [
      'of packages',
      {
        'packages/a/1.ts': ['packages/b/1.ts'],
        'packages/b/2.ts': ['packages/a/2.ts'],
        'packages/b/1.ts': [],
        'packages/a/2.ts': [],
      },
      'packages/a ↔ packages/b',
    ],
    [
      'of areas',
      { 'crm/a.ts': ['contracts/a.ts'], 'contracts/b.ts': ['crm/b.ts'], 'contracts/a.ts': [], 'crm/b.ts': [] },
      'contracts ↔ crm',
    ],
  ])('%s are found', (_, files, cycle) =>
    expect(findFolderCycles(sources(files as Record<string, string[]>))).toEqual([cycle]));

  it('are not found where several files import the same file', () =>
    expect(
      findFolderCycles(
        sources({ 'crm/x/a.ts': ['crm/b.ts', 'crm/y/a.ts'], 'crm/y/a.ts': ['crm/b.ts'], 'crm/b.ts': ['zod'] }),
      ),
    ).toEqual([]));
});

it('tests are recognised by their names', () =>
  expect(
    ['crm/a.test.ts', 'crm/a.e2e.test.ts', 'packages/x/port.contract.ts', 'tests/http.ts', 'crm/test.ts'].map(isTest),
  ).toEqual([true, true, true, true, false]));
