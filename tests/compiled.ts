import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compile, programs } from '../scripts/compile.mjs';
import { folderVariable, root } from './platform-process.ts';

/** Compiles the programs as `npm run` does, with those of the tests, for one run: it keeps its programs when a source is edited. */
export default async () => {
  const ofTests = readdirSync(join(root, 'tests')).filter((name) => /until-killed\.ts$|^endless-close\.ts$/.test(name));
  mkdirSync(join(root, '.data'), { recursive: true });
  const folder = mkdtempSync(join(root, '.data/compiled-'));
  process.env[folderVariable] = await compile(folder, [...programs, ...ofTests.map((name) => `tests/${name}`)]);
  return () => rmSync(folder, { recursive: true, force: true });
};
