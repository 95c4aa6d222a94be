import type { CustomerData } from '../../services/customers.ts';

/** What a clerk edits. An empty e-mail address or phone number means that there is none. */
export type Draft = Record<keyof CustomerData, string>;

const fieldNames = [
  'firstName',
  'lastName',
  'city',
  'connectionId',
  'email',
  'phone',
  'connectionMandate',
] as const satisfies readonly (keyof CustomerData)[];
export type FieldName = (typeof fieldNames)[number];

export const labels: Readonly<Record<FieldName, string>> = {
  firstName: 'First name',
  lastName: 'Last name',
  city: 'City',
  connectionId: 'Connection',
  email: 'E-mail address',
  phone: 'Phone number',
  connectionMandate: 'Mandate',
};

export const toDraft = (stored: CustomerData): Draft =>
  Object.fromEntries(fieldNames.map((name) => [name, stored[name] ?? ''])) as Draft;

const nullable: readonly FieldName[] = ['email', 'phone'];

/** The merge patch that makes the stored record equal to the draft. */
export const createPatch = (stored: CustomerData, draft: Draft): Partial<Record<FieldName, string | null>> => {
  const before = toDraft(stored);
  const changed = fieldNames.filter((name) => draft[name] !== before[name]);
  return Object.fromEntries(
    changed.map((name) => [name, draft[name] === '' && nullable.includes(name) ? null : draft[name]]),
  );
};

/** A field that the clerk, or somebody else meanwhile, changed. */
export type Difference = {
  readonly field: FieldName;
  readonly before: string;
  readonly mine: string;
  readonly stored: string;
  /** Whether both changed it, so that the clerk must choose. */
  readonly isConflict: boolean;
};

/** Compares an edited record with the one that is stored now. Both began with `before`. */
export const compare = (before: CustomerData, mine: Draft, stored: CustomerData): Difference[] => {
  const [first, now] = [toDraft(before), toDraft(stored)];
  return fieldNames
    .filter((field) => mine[field] !== now[field])
    .map((field) => ({
      field,
      before: first[field],
      mine: mine[field],
      stored: now[field],
      isConflict: mine[field] !== first[field] && now[field] !== first[field],
    }));
};

export type Choice = 'mine' | 'stored';
export type Choices = Readonly<Partial<Record<FieldName, Choice>>>;

/** Where only one side changed a field, its value is chosen. A conflict has no choice yet. */
export const chooseByDefault = (differences: readonly Difference[]): Choices =>
  Object.fromEntries(
    differences
      .filter(({ isConflict }) => !isConflict)
      .map(({ field, before, mine }) => [field, mine === before ? 'stored' : 'mine']),
  );

/** The stored record with the chosen values of the clerk. */
export const merge = (stored: CustomerData, differences: readonly Difference[], choices: Choices): Draft => {
  const draft = toDraft(stored);
  for (const { field, mine } of differences) if (choices[field] === 'mine') draft[field] = mine;
  return draft;
};
