import { expect, it } from 'vitest';
import { createIdempotencyKeys } from './idempotency-keys.ts';

it('gives the same content the same key, and other content or another form another one', () => {
  const keyOf = createIdempotencyKeys();
  const key = keyOf({ city: 'Delft' });
  expect(key).toMatch(/^[0-9a-f]{32}$/);
  expect(keyOf({ city: 'Delft' })).toBe(key);
  expect(keyOf({ city: 'Leiden' })).not.toBe(key);
  expect(createIdempotencyKeys()({ city: 'Delft' })).not.toBe(key);
});
