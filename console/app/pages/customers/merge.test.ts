import { describe, expect, it } from 'vitest';
import type { CustomerData } from '../../services/customers.ts';
import { chooseByDefault, compare, createPatch, merge, toDraft } from './merge.ts';

const before: CustomerData = {
  firstName: 'Corinne',
  lastName: 'Lopez',
  city: 'Enschede',
  connectionId: '7733',
  connectionMandate: '1',
  email: null,
  phone: '+31 6 1234',
};

describe('the patch of an edited customer', () => {
  it('has the changed fields only', () => {
    expect(createPatch(before, toDraft(before))).toEqual({});
    expect(createPatch(before, { ...toDraft(before), city: 'Delft', email: 'c@example.org' })).toEqual({
      city: 'Delft',
      email: 'c@example.org',
    });
  });

  it('removes an address or a phone number that was emptied, and leaves an empty name to the API to refuse', () => {
    expect(createPatch(before, { ...toDraft(before), phone: '', lastName: '' })).toEqual({ phone: null, lastName: '' });
  });
});

describe('a conflict', () => {
  const mine = { ...toDraft(before), city: 'Delft', connectionMandate: '2' };
  const stored: CustomerData = { ...before, city: 'Leiden', email: 'c@example.org' };

  it('shows every field that differs, and which of them both changed', () => {
    expect(compare(before, mine, stored)).toEqual([
      { field: 'city', before: 'Enschede', mine: 'Delft', stored: 'Leiden', isConflict: true },
      { field: 'email', before: '', mine: '', stored: 'c@example.org', isConflict: false },
      { field: 'connectionMandate', before: '1', mine: '2', stored: '1', isConflict: false },
    ]);
  });

  it('shows nothing where both changed a field to the same value', () => {
    expect(compare(before, { ...toDraft(before), city: 'Leiden' }, { ...before, city: 'Leiden' })).toEqual([]);
  });

  it('is merged with the value of the side that changed it, and leaves a conflict to the clerk', () => {
    const differences = compare(before, mine, stored);
    const choices = chooseByDefault(differences);
    expect(choices).toEqual({ email: 'stored', connectionMandate: 'mine' });
    const merged = merge(stored, differences, { ...choices, city: 'mine' });
    expect(merged).toMatchObject({ city: 'Delft', email: 'c@example.org', connectionMandate: '2' });
    expect(createPatch(stored, merged)).toEqual({ city: 'Delft', connectionMandate: '2' });
  });
});
