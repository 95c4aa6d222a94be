import type { Person } from '../../customers/index.ts';
import { foldText } from '../../database/index.ts';
import { findEmails, findPhones, hasWord, textKeyOf } from './search-cells.ts';

/** A row of a report, and to whom else it may point. */
export type RowWithOwners = {
  readonly customerId: number | null;
  readonly connectionId: string | null;
  readonly cells: readonly string[];
  /** The row's customerId where there is, or ever was, such a customer. */
  readonly knownCustomerId: number | null;
  /** Who holds the row's connection now. */
  readonly holderId: number | null;
};

/** Whether a row has something by which a person is recognised, or is distinguished from others. */
type Criterion = (row: RowWithOwners, person: Person) => boolean;

/** The first clue that a row has decides whether the person matches; a row with none of them does not. */
type DecisionTable = readonly (readonly [clue: Criterion, isMatch: boolean])[];

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

/** Names are not enough, for others have them too; nor is a connection that was the person's once. */
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

/** Wider: rather a row too many is erased than a name left, unless the row is plainly about another person. */
export const isPossibleMatch: Criterion = (row, person) => decide(possible, row, person);
