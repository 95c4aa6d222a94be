import { describe, expect, it } from 'vitest';
import { operatorToken } from './operator-token.ts';

describe('OPERATOR_TOKEN', () => {
  it.each([
    'a'.repeat(16),
    'a'.repeat(256),
    '6f1c1c3e-0000-4000-8000-000000000001',
    'A-Za-z0-9-._~+/==',
    `${'a'.repeat(15)}=`,
  ])('accepts %s', (value) => expect(operatorToken.parse(value)).toBe(value));

  it.each([
    'a'.repeat(15),
    'a'.repeat(257),
    `${'a'.repeat(256)}=`,
    '='.repeat(16),
    `aaaaaaaa${'='.repeat(8)}a`,
    `${'a'.repeat(16)} a`,
    `${'a'.repeat(16)}\n`,
    `${'a'.repeat(16)}é`,
  ])('refuses %j and says what is expected', (value) =>
    expect(operatorToken.safeParse(value).error?.issues[0]?.message).toMatch(/^16 to 256 characters of /));
});
