import { describe, expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

describe('the arguments of npm run republish', () => {
  it('are a connection, and the revision to publish above', () => {
    expect(readArguments(['7733'], {})).toEqual({
      connectionId: '7733',
      above: undefined,
      crm: 'http://localhost:3005',
    });
    const args = ['7733', '--above', '999999999999999'];
    expect(readArguments(args, { CRM_URL: 'http://crm:1' })).toEqual({
      connectionId: '7733',
      above: 999_999_999_999_999,
      crm: 'http://crm:1',
    });
  });

  it('may ask for help', () => expect(readArguments(['--help'], {})).toBeUndefined());

  it.each([
    [[], 'Which connection?'],
    [['a b'], 'Which connection?'],
    [['1', '2'], 'Which connection?'],
    [['7733', '--above', ''], "--above '' is no revision"],
    [['7733', '--above', '1e9'], '--above 1e9 is no revision'],
    [['7733', '--below', '1'], "Unknown option '--below'"],
  ])('that make no sense are refused: %j', (args, said) => expect(() => readArguments(args, {})).toThrow(said));

  it('name a CRM that can be called', () =>
    expect(() => readArguments(['7733'], { CRM_URL: 'here' })).toThrow('CRM_URL here is no URL'));
});
