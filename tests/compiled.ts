import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compile, programs } from '../scripts/compile.mjs';
import { folderVariable, root } from './platform-process.ts';

/** Compiles the programs as `npm run` does, with those of the tests. */
export default async () => {
  const ofTests = readdirSync(join(root, 'tests')).filter((name) => /until-killed\.ts$|^endless-close\.ts$/.test(name));
  const entryPoints = [...programs, ...ofTests.map((name) => `tests/${name}`)];
  process.env[folderVariable] = await compile(join(root, 'node_modules/.cache/compiled-for-tests'), entryPoints);
};
