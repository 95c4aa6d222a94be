import { describe, expect, it } from 'vitest';
import { documents, readDocument } from './documents.ts';

const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: Record<string, string> };
/** `preX` runs before `X`; a user runs all others. */
const forUsers = Object.keys(scripts).filter((name) => !(name.startsWith('pre') && name.slice(3) in scripts));
const mentioned = /\bnpm (?:(?:run )(?:-s |--silent )?|(?=start\b|test\b))([a-z][a-z:-]*)/g;
const mentionedIn = (text: string) => [...text.matchAll(mentioned)].map(([, name]) => String(name));
const current = documents.filter((path) => path !== 'CHANGELOG.md');

describe('the npm scripts', () => {
  it('are all documented', () => {
    const documented = new Set(current.flatMap((path) => mentionedIn(readDocument(path))));
    expect(forUsers.filter((name) => !documented.has(name))).toEqual([]);
  });

  it.each(documents)('that %s mentions exist', (path) => {
    expect(mentionedIn(readDocument(path)).filter((name) => !(name in scripts))).toEqual([]);
  });
});
