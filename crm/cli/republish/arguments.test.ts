import { describe, expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

/** A data folder in which no service is recorded. */
const env = { DATA_DIR: 'data' };
const crm = expect.objectContaining({ url: 'http://localhost:3005' });

describe('the arguments of npm run republish', () => {
  it('are a connection and, optionally, the revision to publish above', () => {
    expect(readArguments(['7733'], env)).toEqual({ connectionId: '7733', above: undefined, crm });
    const args = ['7733', '--above', '999999999999999'];
    expect(readArguments(args, { CRM_URL: 'http://crm:1' })).toMatchObject({
      connectionId: '7733',
      above: 999_999_999_999_999,
      crm: { url: 'http://crm:1' },
    });
  });

  it('are all mandates', () => expect(readArguments(['--all-mandates'], env)).toEqual({ allMandates: true, crm }));

  it('are a customer, or all of them', () => {
    expect(readArguments(['--customer', '7', '--above', '5'], env)).toEqual({ customerId: '7', above: 5, crm });
    expect(readArguments(['--all-customers'], env)).toEqual({ allCustomers: true, crm });
  });

  it('are undefined for --help', () => expect(readArguments(['--help'], env)).toBeUndefined());

  it.each([
    [[], 'Name one connection'],
    [['a b'], 'Name one connection'],
    [['1', '2'], 'Name one connection'],
    [['7733', '--customer', '7'], 'Name one connection'],
    [['--customer', '7', '--all-customers'], 'Name one connection'],
    [['--all-customers', '--all-mandates'], 'Name one connection'],
    [['7733', '--all-mandates'], 'Name one connection'],
    [['--all-mandates', '--above', '1'], '--above is for one connection or one customer'],
    [['--customer', '07'], '--customer 07 is not a customer number'],
    [['--all-customers', '--above', '1'], '--above is for one connection or one customer'],
    [['7733', '--above', ''], "--above '' is not a revision"],
    [['7733', '--above', '1e9'], '--above 1e9 is not a revision'],
    [['7733', '--below', '1'], 'There is no option --below: npm run republish -- --help'],
  ])('are refused with an error that says what to do: %j', (args, message) =>
    expect(() => readArguments(args, env)).toThrow(message));

  it('are refused if CRM_URL is not a URL', () =>
    expect(() => readArguments(['7733'], { CRM_URL: 'here' })).toThrow('CRM_URL here is not a URL'));
});
