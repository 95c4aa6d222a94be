import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsOf, startDocumented } from './documented-commands.ts';

describe.each(['docs/api.md', 'docs/import.md'])('%s', (document) => {
  let platform: Awaited<ReturnType<typeof startDocumented>>;
  beforeAll(async () => {
    platform = await startDocumented();
  });
  afterAll(() => platform.close());

  it('has commands to work through', () => expect(commandsOf(document).length).toBeGreaterThan(8));

  it.each(commandsOf(document))('shows what this prints: $line', (command) => platform.check(command));
});
