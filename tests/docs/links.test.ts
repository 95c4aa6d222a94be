import { existsSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../platform-process.ts';
import { codeIn, documents, files, proseOf, readDocument } from './documents.ts';

type Link = { readonly path: string; readonly anchor: string | undefined };

/** The links of a document to files of the project; `path` is from the root of the project. */
const linksOf = (document: string): readonly Link[] =>
  [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => String(target))
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return { path: path === '' ? document : normalize(join(dirname(document), path)), anchor };
    });

/** The anchors that GitHub makes of a document's headings. */
const anchorsOf = (document: string): readonly string[] =>
  [...readDocument(document).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    String(heading)
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

const resolves = ({ path, anchor }: Link): boolean =>
  existsSync(join(root, path)) && (anchor === undefined || anchorsOf(path).includes(anchor));

/** Files that a command of the documents writes. */
const writtenByCommands = ['manifest.json', 'customer-9.json'];

const looksLikeFile = (code: string): boolean =>
  /^[\w.][\w.@/-]*\.(ts|js|mjs|yaml|md|json|http|java|sql|toml)$/.test(code);
const topFolders = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
const looksLikeFolder = (code: string): boolean =>
  /^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(code) && code.includes('/') && topFolders.has(code.split('/')[0]);

/** The changelog describes past versions, so it may name files that were renamed since. */
const current = documents.filter((path) => path !== 'CHANGELOG.md');

describe.each(documents)('%s', (document) => {
  it('links only to files and headings that exist', () => {
    expect(linksOf(document).filter((link) => !resolves(link))).toEqual([]);
  });
});

describe.each(current)('%s', (document) => {
  it('names only files that exist', () => {
    const named = codeIn(proseOf(document)).filter((code) => looksLikeFile(code) || looksLikeFolder(code));
    const isKnown = (code: string) =>
      existsSync(join(root, code)) ||
      existsSync(join(root, dirname(document), code)) ||
      writtenByCommands.includes(basename(code)) ||
      (looksLikeFile(code) && files.some((file) => file.endsWith(`/${code}`)));
    expect(named.filter((code) => !isKnown(code))).toEqual([]);
  });
});

describe('the documents', () => {
  it('can all be reached from the README', () => {
    const reached = new Set<string>();
    const visit = (document: string): void => {
      if (reached.has(document) || !documents.includes(document)) return;
      reached.add(document);
      for (const { path } of linksOf(document)) visit(path);
    };
    visit('README.md');
    expect(documents.filter((document) => !reached.has(document))).toEqual([]);
  });

  it('are all listed in docs/README.md', () => {
    const listed = linksOf('docs/README.md').map(({ path }) => path);
    const inDocs = documents.filter((path) => dirname(path) === 'docs' && basename(path) !== 'README.md');
    expect(inDocs.filter((path) => !listed.includes(path))).toEqual([]);
  });

  it('begin with a README of at most 1,000 words', () => {
    expect(readDocument('README.md').split(/\s+/).length).toBeLessThanOrEqual(1_000);
  });
});
