import type { Person } from '../../customers/index.ts';
import { foldText } from '../../database/index.ts';
import { findEmails, findPhones, hasWord, textKeyOf } from './search-cells.ts';

/** A row of a report, with the customers that its number and its connection belong to. */
export type RowWithOwners = {
  readonly customerId: number | null;
  readonly connectionId: string | null;
  readonly cells: readonly string[];
  /** The row's customerId if it is, or ever was, the number of a customer. */
  readonly knownCustomerId: number | null;
  /** The customer that holds the row's connection now. */
  readonly holderId: number | null;
};

/** Whether a row meets one criterion for or against a match with a person. */
type Criterion = (row: RowWithOwners, person: Person) => boolean;

/** The first criterion that a row meets decides whether it matches the person. A row that meets none does not match. */
type DecisionTable = readonly (readonly [criterion: Criterion, isMatch: boolean])[];

const decide = (table: DecisionTable, row: RowWithOwners, person: Person): boolean =>
  table.find(([isMet]) => isMet(row, person))?.[1] ?? false;

const ownNumber: Criterion = ({ customerId }, person) => customerId === person.customerId;
const anyNumber: Criterion = ({ customerId }) => customerId !== null;
const otherCustomersNumber: Criterion = ({ knownCustomerId }, { customerId }) =>
  knownCustomerId !== null && knownCustomerId !== customerId;

const ownEmail: Criterion = ({ cells }, { record }) =>
  Boolean(record?.email) && findEmails(cells).includes(String(record?.email).toLowerCase());
const anyEmail: Criterion = ({ cells }) => findEmails(cells).length > 0;
const differentEmail: Criterion = (row, person) => Boolean(person.record?.email) && anyEmail(row, person);

const ownPhone: Criterion = ({ cells }, { record }) => {
  const phone = record?.phone && foldText(record.phone);
  return findPhones(cells).some((found) => foldText(found) === phone);
};
const ownPhoneInText: Criterion = ({ cells }, { record }) =>
  Boolean(record?.phone) && hasWord(textKeyOf(cells), String(record?.phone));

const currentConnection: Criterion = ({ connectionId, holderId }, { customerId, record }) =>
  record !== undefined && connectionId === record.connectionId && holderId === customerId;
const formerConnectionWithoutOtherHolder: Criterion = ({ connectionId, holderId }, { customerId, connectionIds }) =>
  connectionId !== null && connectionIds.includes(connectionId) && (holderId === null || holderId === customerId);

const bothNames: Criterion = ({ cells }, { record }) => {
  if (!record) return false;
  const text = textKeyOf(cells);
  return hasWord(text, record.firstName) && hasWord(text, record.lastName);
};
const formerConnectionAndNames: Criterion = (row, person) =>
  formerConnectionWithoutOtherHolder(row, person) && bothNames(row, person);

const certain: DecisionTable = [
  [ownNumber, true],
  [ownEmail, true],
  [anyNumber, false],
  [anyEmail, false],
  [currentConnection, true],
  [ownPhone, true],
];

/** For exports. Names are not enough, because others may have the same names. A former connection is not enough either. */
export const isCertainMatch: Criterion = (row, person) => decide(certain, row, person);

const possible: DecisionTable = [
  [isCertainMatch, true],
  [otherCustomersNumber, false],
  [formerConnectionAndNames, true],
  [differentEmail, false],
  [formerConnectionWithoutOtherHolder, true],
  [bothNames, true],
  [ownPhoneInText, true],
];

/** For erasures. When in doubt the row is erased, so that no name is kept, unless it is clearly about another person. */
export const isPossibleMatch: Criterion = (row, person) => decide(possible, row, person);
