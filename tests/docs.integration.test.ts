import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documents } from './docs/documents.ts';
import { commandsOf, startDocumented } from './documented-commands.ts';

/** tests/rebuild.integration.test.ts runs the commands of this document, because a rebuild needs options for the test's ports. */
const runElsewhere = ['docs/rebuild.md'];
const documented = documents.filter((path) => commandsOf(path).length > 0 && !runElsewhere.includes(path));

it('has documents with commands', () => {
  expect(documented).toEqual(
    expect.arrayContaining(['README.md', 'docs/api.md', 'docs/import.md', 'docs/walkthrough.md']),
  );
});

describe.each(documented)('%s', (document) => {
  let platform: Awaited<ReturnType<typeof startDocumented>>;
  beforeAll(async () => {
    platform = await startDocumented();
  });
  afterAll(() => platform.close());

  it('has several commands', () => expect(commandsOf(document).length).toBeGreaterThan(5));

  it.each(commandsOf(document))('shows what this prints: $line', (command) => platform.check(command));
});
