import { describe, expect, it } from 'vitest';
import type { Customer, Person } from '../../customers/index.ts';
import { isCertainMatch, isPossibleMatch, type RowWithOwners } from './match-person.ts';

const record: Customer = {
  ...{
    customerId: '7',
    firstName: 'Eva',
    lastName: 'Vos',
    city: 'Delft',
    connectionId: '7733',
    connectionMandate: '1',
  },
  ...{ email: 'Eva@example.org', phone: '+31 6 12345678', createdAt: 0, updatedAt: 0, version: 1, revision: 1 },
};
const eva: Person = { customerId: 7, connectionIds: ['7733', '7744'], record };
const withoutEmail: Person = { ...eva, record: { ...record, email: null } };
const deleted: Person = { ...eva, record: undefined };

type Match = 'certain' | 'possible' | 'none';
type Case = { of: string; row: Partial<RowWithOwners>; match: Match; person?: Person };

const matchOf = (row: Partial<RowWithOwners>, person: Person): Match => {
  const withOwners = { customerId: null, connectionId: null, cells: [], knownCustomerId: null, holderId: null, ...row };
  if (!isPossibleMatch(withOwners, person)) return 'none';
  return isCertainMatch(withOwners, person) ? 'certain' : 'possible';
};

const names = ['Eva', 'Vos'];
const other = 'tom@example.org';
const held = { connectionId: '7733', holderId: 7 };
const free = { connectionId: '7744' };
const phone = ['+31 6 12345678'];

const cases: Case[] = [
  { of: 'nothing', row: {}, match: 'none' },
  { of: 'one name', row: { cells: ['Eva', 'Bos'] }, match: 'none' },
  { of: 'names within longer words', row: { cells: ['Evart', 'Vossen'] }, match: 'none' },

  { of: 'the own number', row: { customerId: 7 }, match: 'certain' },
  { of: 'the own number and another e-mail address', row: { customerId: 7, cells: [other] }, match: 'certain' },
  { of: 'the own number, of a deleted customer', row: { customerId: 7 }, person: deleted, match: 'certain' },
  { of: 'the own e-mail address, within a cell', row: { cells: ['mail: eva@Example.org.'] }, match: 'certain' },
  {
    of: 'the own e-mail address and the number of another customer',
    row: { cells: ['eva@example.org'], customerId: 8, knownCustomerId: 8 },
    match: 'certain',
  },
  { of: 'a number that is no customer’s, and a held connection', row: { ...held, customerId: 99 }, match: 'possible' },
  { of: 'another e-mail address, and a held connection', row: { ...held, cells: [other] }, match: 'none' },
  { of: 'the connection that the person holds', row: held, match: 'certain' },
  { of: 'the own phone number', row: { cells: phone }, match: 'certain' },
  { of: 'the own phone number, pasted', row: { cells: ['tel:+31\u00a06\u00a012345678'] }, match: 'certain' },
  { of: 'the own names with an invisible character', row: { cells: ['E\u200bva', '\u202eVos'] }, match: 'possible' },
  {
    of: 'the own e-mail address with all its characters',
    row: { cells: ['smith&sons=a@example.org'] },
    person: { ...eva, record: { ...record, email: 'smith&sons=a@example.org' } },
    match: 'certain',
  },
  {
    of: 'the own e-mail address as a formula',
    row: { cells: ['="eva@example.org"', '=eva@example.org'] },
    match: 'certain',
  },

  {
    of: 'the number of another customer, connection and names',
    row: { ...free, customerId: 8, knownCustomerId: 8, cells: names },
    match: 'none',
  },
  {
    of: 'connection and names, and another e-mail address',
    row: { ...free, cells: [...names, other] },
    match: 'possible',
  },
  { of: 'both names and another e-mail address', row: { cells: [...names, other] }, match: 'none' },
  {
    of: 'both names and an e-mail address, where the person has none',
    row: { cells: [...names, other] },
    person: withoutEmail,
    match: 'possible',
  },
  { of: 'a connection that the person had and that is free', row: free, match: 'possible' },
  { of: 'the same, of a deleted customer', row: free, person: deleted, match: 'possible' },
  { of: 'a connection that the person had and another holds', row: { ...free, holderId: 8 }, match: 'none' },
  { of: 'both names', row: { cells: ['vos', 'EVA'] }, match: 'possible' },
  { of: 'both names, of a deleted customer', row: { cells: names }, person: deleted, match: 'none' },
  {
    of: 'the phone number within text, and a number that is no customer’s',
    row: { customerId: 99, cells: ['call +31 6 12345678 now'] },
    match: 'possible',
  },
];

describe('a row of a report', () => {
  it.each(cases)('with $of matches the person: $match', ({ row, person = eva, match }) =>
    expect(matchOf(row, person)).toBe(match));
});
