import type { Person } from '../../customers/index.ts';
import { foldText } from '../../database/index.ts';
import { findEmails, findPhones, hasWord, textKeyOf } from './search-cells.ts';

/** A row of a report, and to whom else it may point. */
export type PointingRow = {
  readonly customerId: number | null;
  readonly connectionId: string | null;
  readonly cells: readonly string[];
  /** The row's customerId where there is, or ever was, such a customer. */
  readonly known: number | null;
  /** Who holds the row's connection now. */
  readonly holder: number | null;
};

/** Whether a row has something by which a person is recognised, or is distinguished from others. */
type Clue = (row: PointingRow, person: Person) => boolean;

/** The first clue that a row has decides whether the person matches; a row with none of them does not. */
type DecisionTable = readonly (readonly [clue: Clue, isMatch: boolean])[];

const decide = (table: DecisionTable, row: PointingRow, person: Person): boolean =>
  table.find(([hasClue]) => hasClue(row, person))?.[1] ?? false;

const ownNumber: Clue = ({ customerId }, person) => customerId === person.customerId;
const anyNumber: Clue = ({ customerId }) => customerId !== null;
const numberOfOtherCustomer: Clue = ({ known }, { customerId }) => known !== null && known !== customerId;

const ownEmail: Clue = ({ cells }, { record }) =>
  Boolean(record?.email) && findEmails(cells).includes(String(record?.email).toLowerCase());
const anyEmail: Clue = ({ cells }) => findEmails(cells).length > 0;
const emailBesideOwn: Clue = (row, person) => Boolean(person.record?.email) && anyEmail(row, person);

const ownPhone: Clue = ({ cells }, { record }) => {
  const phone = record?.phone && foldText(record.phone);
  return findPhones(cells).some((found) => foldText(found) === phone);
};
const phoneInText: Clue = ({ cells }, { record }) =>
  Boolean(record?.phone) && hasWord(textKeyOf(cells), String(record?.phone));

const connectionHeldNow: Clue = ({ connectionId, holder }, { customerId, record }) =>
  record !== undefined && connectionId === record.connectionId && holder === customerId;
const connectionHadAndFree: Clue = ({ connectionId, holder }, { customerId, connectionIds }) =>
  connectionId !== null && connectionIds.includes(connectionId) && (holder === null || holder === customerId);

const bothNames: Clue = ({ cells }, { record }) => {
  if (!record) return false;
  const text = textKeyOf(cells);
  return hasWord(text, record.firstName) && hasWord(text, record.lastName);
};
const connectionAndNames: Clue = (row, person) => connectionHadAndFree(row, person) && bothNames(row, person);

const certain: DecisionTable = [
  [ownNumber, true],
  [ownEmail, true],
  [anyNumber, false],
  [anyEmail, false],
  [connectionHeldNow, true],
  [ownPhone, true],
];

/** Names are not enough, for others have them too; nor is a connection that was the person's once. */
export const isCertainMatch: Clue = (row, person) => decide(certain, row, person);

const possible: DecisionTable = [
  [isCertainMatch, true],
  [numberOfOtherCustomer, false],
  [connectionAndNames, true],
  [emailBesideOwn, false],
  [connectionHadAndFree, true],
  [bothNames, true],
  [phoneInText, true],
];

/** Wider: rather a row too many is erased than a name left, unless the row is plainly about another person. */
export const isPossibleMatch: Clue = (row, person) => decide(possible, row, person);
