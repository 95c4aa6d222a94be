import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** A source file. `imports` are paths from the root of the project, and names of npm packages. */
export type Source = { readonly file: string; readonly text: string; readonly imports: readonly string[] };

/** Matches imports of values and types, re-exports, dynamic imports, and the files of threads and child processes. */
const importing = new RegExp(
  [
    /\b(?:from|import|require)\s*\(?\s*(?:\/\*.*?\*\/\s*)?['"]([\w@#./][^'"\s,]*)['"]/,
    /\bimport\(\s*`([^`\n]+)`/,
    /\b(?:new URL|import\.meta\.resolve)\(\s*['"`](\.[^'"`\n]+)['"`]/,
    /\bjoin\(import\.meta\.dirname,\s*['"]([^'"\n]+\.(?:ts|js|mjs))['"]\)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

export const sourceOf = (file: string, text: string): Source => {
  const imports = [...text.matchAll(importing)].map(([, imported, template, resolved, joined]) => {
    const name = imported ?? template ?? resolved ?? `./${joined}`;
    return name.startsWith('.') ? normalize(join(dirname(file), name)) : name;
  });
  return { file, text, imports };
};

/** The npm package of an import, as mysql2 of mysql2/promise. */
export const packageOf = (imported: string): string =>
  imported
    .split('/')
    .slice(0, imported.startsWith('@') ? 2 : 1)
    .join('/');

/** Reads all TypeScript and JavaScript files below the folders. */
export const readSources = (root: string, folders: readonly string[]): readonly Source[] =>
  folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => /\.(tsx?|js|mjs)$/.test(file))
    .map((file) => sourceOf(file, readFileSync(join(root, file), 'utf8')));

/** Whether a file is a test or may be imported by tests only. */
export const isTest = (file: string): boolean => /\.(test|contract)\.ts$/.test(file) || file.startsWith('tests/');
