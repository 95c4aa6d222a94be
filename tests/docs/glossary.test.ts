import { describe, expect, it } from 'vitest';
import { readDocument, tableUnder } from './documents.ts';

const sections = ['Domain', 'Events and log', 'Read side', 'Operations'];
const entries = sections.flatMap((section) => tableUnder('docs/glossary.md', section));

describe('the glossary', () => {
  it('has each term once', () => {
    const terms = entries.map(([term]) => term);
    expect(terms.length).toBeGreaterThan(40);
    expect(terms).toEqual([...new Set(terms)]);
  });

  it.each(entries.map(([term, meaning]) => [term, meaning]))('says in one sentence what "%s" means', (_, meaning) => {
    expect(meaning).toMatch(/^[A-Z].*\.$/);
    expect(meaning?.match(/\. [A-Z]/)).toBeNull();
  });

  it('is linked from the README', () => expect(readDocument('README.md')).toContain('](docs/glossary.md)'));
});
