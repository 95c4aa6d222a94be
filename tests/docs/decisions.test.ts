import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, readDocument, tableUnder } from './documents.ts';

const decisions = documents.filter((path) => dirname(path) === 'docs/adr' && basename(path) !== 'README.md');
const headings = (text: string) => [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
/** "Status: Accepted, 2026-11-26. Changes [ADR 3](0003-last-revision-wins.md)." */
const statusOf = (text: string) => {
  const [, all = '', status, date] = /^Status: ((\w+), (\d{4}-\d\d-\d\d)\.[\s\S]*?)\n\n/m.exec(text) ?? [];
  const related = (verb: string) =>
    all
      .replaceAll('\n', ' ')
      .split(/(?<=\.) (?=[A-Z])/)
      .filter((sentence) => sentence.startsWith(verb))
      .flatMap((sentence) => [...sentence.matchAll(/\]\((0[\w-]+\.md)\)/g)].map(([, file]) => String(file)));
  return { status, date, changes: related('Changes'), changedBy: related('Changed by') };
};

describe.each(decisions)('%s', (path) => {
  const text = readDocument(path);
  const { status, date, changes, changedBy } = statusOf(text);

  it('has a status with a date, a context, a decision and consequences', () => {
    expect([status, date]).toEqual([expect.any(String), expect.any(String)]);
    expect(headings(text)).toEqual(expect.arrayContaining(['Context', 'Decision', 'Consequences']));
  });

  it('and the decisions that it changes name each other', () => {
    const other = (file: string) => statusOf(readDocument(`docs/adr/${file}`));
    expect(changes.filter((file) => !other(file).changedBy.includes(basename(path)))).toEqual([]);
    expect(changedBy.filter((file) => !other(file).changes.includes(basename(path)))).toEqual([]);
  });
});

describe('the index of decisions', () => {
  it('has each of them with number, title, status and date', () => {
    const number = (file: string) => Number(basename(file).slice(0, 4));
    const expected = decisions.map((path) => {
      const text = readDocument(path);
      const [, title] = new RegExp(`^# ${number(path)}\\. (.*)$`, 'm').exec(text) ?? [];
      const { status, date, changedBy } = statusOf(text);
      const changed = changedBy.length > 0 ? `, changed by ${changedBy.map(number).join(', ')}` : '';
      return [String(number(path)), `[${title}](${basename(path)})`, `${status}${changed}`, date];
    });
    expect(tableUnder('docs/adr/README.md', 'All decisions')).toEqual(expected);
  });
});
