import { describe, expect, it } from 'vitest';
import { parseCustomerId } from '../../contracts/customer-id.ts';
import { type CustomerData, computeMandateChanges, customerDataSchema, nextRevision } from './customer.ts';

const corinne: CustomerData = {
  firstName: 'Corinne',
  lastName: 'Lopez',
  city: 'Enschede',
  connectionId: '7733',
  connectionMandate: '1',
  email: null,
  phone: null,
};

describe('the mandates that change with a customer', () => {
  it('are the mandate of a new customer', () =>
    expect(computeMandateChanges(undefined, corinne)).toEqual([{ connectionId: '7733', connectionMandate: '1' }]));

  it('are none when only the city changes', () =>
    expect(computeMandateChanges(corinne, { ...corinne, city: 'Hengelo' })).toEqual([]));

  it('are the new mandate of the same connection', () =>
    expect(computeMandateChanges(corinne, { ...corinne, connectionMandate: '2' })).toEqual([
      { connectionId: '7733', connectionMandate: '2' },
    ]));

  it('are a revocation of the old connection and the mandate of the new one when the customer moves', () =>
    expect(computeMandateChanges(corinne, { ...corinne, connectionId: '9001' })).toEqual([
      { connectionId: '7733', connectionMandate: '0' },
      { connectionId: '9001', connectionMandate: '1' },
    ]));
});

describe('a revision', () => {
  it('is the time of the first change', () => expect(nextRevision(undefined, 1000)).toBe(1000));
  it('follows the clock', () => expect(nextRevision(1000, 2000)).toBe(2000));
  it('grows within one millisecond', () => expect(nextRevision(1000, 1000)).toBe(1001));
  it('grows when the clock goes back', () => expect(nextRevision(1000, 500)).toBe(1001));
});

describe('the customer data of a request', () => {
  const wrong = (change: object) => customerDataSchema.safeParse({ ...corinne, ...change }).error?.issues[0]?.path;

  it('may have numbers in place of strings of digits', () =>
    expect(customerDataSchema.parse({ ...corinne, connectionId: 7733, connectionMandate: 2 })).toEqual({
      ...corinne,
      connectionMandate: '2',
    }));

  it.each(['3', '-1', '', 'two', 1.5, null, ['1']])('cannot have the mandate %j', (connectionMandate) =>
    expect(wrong({ connectionMandate })).toEqual(['connectionMandate']));

  it.each([
    'abc',
    '',
    '77 33',
    'x'.repeat(65),
    '7733||',
    -7,
    1e300,
  ])('cannot have the connectionId %j', (connectionId) => expect(wrong({ connectionId })).toEqual(['connectionId']));

  it.each(['', '   ', 'a\u0000b', '\ud800', 'x'.repeat(101), 5])('cannot have the city %j', (city) =>
    expect(wrong({ city })).toEqual(['city']));

  it.each([
    '',
    'corinne',
    'corinne@home',
    'a b@example.org',
    `${'x'.repeat(250)}@example.org`,
    5,
  ])('cannot have the e-mail address %j', (email) => expect(wrong({ email })).toEqual(['email']));

  it.each(['', '112', '+31 6 CORINNE', `+${'1'.repeat(32)}`, 31612345678])('cannot have the phone number %j', (phone) =>
    expect(wrong({ phone })).toEqual(['phone']));

  it.each(['+31 6 12345678', '(053) 123 45 67', '0031-53-1234567'])('may have the phone number %j', (phone) =>
    expect(wrong({ phone })).toBeUndefined());

  it.each([
    ['(+31) 6 12345678', '+31 6 12345678'],
    ['+31 (0)6 12345678', '+31 (0)6 12345678'],
    ['٠٦-١٢٣٤٥٦٧٨', '06-12345678'],
    ['۰۶۱۲۳۴۵۶۷۸', '0612345678'],
  ])('has the phone number %j as %j', (phone, stored) =>
    expect(customerDataSchema.parse({ ...corinne, phone }).phone).toBe(stored));

  it('cannot have an invisible phone number, and the reason names its character', () =>
    expect(customerDataSchema.safeParse({ ...corinne, phone: '\u200b' }).error?.issues[0]?.message).toContain(
      'it contains U+200B ZERO WIDTH SPACE',
    ));

  it('need not have an e-mail address or a phone number', () => {
    const { email: _, phone: __, ...lab } = corinne;
    expect(customerDataSchema.parse(lab)).toEqual(corinne);
  });

  it('keeps leading zeros of a connection', () =>
    expect(customerDataSchema.parse({ ...corinne, connectionId: '007733' }).connectionId).toBe('007733'));
});

it.each(['0', '01', '-1', '1.0', '', '__proto__', '99999999999'])('refuses the customerId %j', (id) =>
  expect(parseCustomerId(id)).toBeUndefined());
