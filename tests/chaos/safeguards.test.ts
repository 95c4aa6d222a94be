import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../platform-process.ts';
import { safeguards } from './safeguards.ts';

// A change of these lines fails here within seconds; tests/chaos/safeguards.e2e.test.ts applies the patches.
it.each(
  Object.entries(safeguards),
)('the patches that remove the %s fit the source in exactly one place', (_, patches) => {
  for (const { file, text } of patches)
    expect(readFileSync(join(root, file), 'utf8').split(text), `${file}: ${text}`).toHaveLength(2);
});
