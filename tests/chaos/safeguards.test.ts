import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../platform-process.ts';
import { safeguards } from './safeguards.ts';

// So that whoever changes these lines hears of it in seconds; tests/chaos/safeguards.e2e.test.ts takes them out.
it.each(Object.entries(safeguards))('what takes out the %s is in the source, once', (_, patches) => {
  for (const { file, text } of patches)
    expect(readFileSync(join(root, file), 'utf8').split(text), `${file}: ${text}`).toHaveLength(2);
});
