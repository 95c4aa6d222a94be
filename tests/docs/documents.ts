import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../platform-process.ts';

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'], {
  cwd: root,
  encoding: 'utf8',
});
const deleted = execFileSync('git', ['ls-files', '--deleted'], { cwd: root, encoding: 'utf8' }).split('\n');

/** Every file of the project, as a path from its root. */
export const files: readonly string[] = listed.split('\n').filter((file) => file !== '' && !deleted.includes(file));

/** Every Markdown document of the project, as a path from its root. */
export const documents: readonly string[] = files.filter((file) => file.endsWith('.md'));

export const readDocument = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The text of a document without its fenced code blocks, which contain no links. */
export const proseOf = (path: string): string => readDocument(path).replace(/^```[\s\S]*?^```/gm, '');

/** The rows of every table below the heading, as cells. The header row and the line below it are left out. */
export const tableUnder = (path: string, heading: string): readonly (readonly string[])[] => {
  const [, section = ''] = readDocument(path).split(`\n## ${heading}\n`);
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
};

/** Everything in backticks in a text. */
export const codeIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => String(code));
