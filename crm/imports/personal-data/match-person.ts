import type { Person } from '../../customers/personal-data/personal-data-source.ts';
import { foldText } from '../../database/fold-text.ts';

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

/** What a row is searched by: its text, folded. */
export const textKeyOf = (cells: readonly string[]): string => foldText(cells.join(' '));

/** Names are not enough, for others have them too; nor is a connection that was the person's once. */
export const surelyTellsOf = (row: PointingRow, person: Person): boolean => {
  const { customerId, record } = person;
  if (row.customerId === customerId || hasOwnEmail(row, person)) return true;
  if (row.customerId !== null || emailsIn(row).length > 0) return false;
  const phone = record?.phone && foldText(record.phone);
  return holdsNow(row, person) || phonesIn(row).some((found) => foldText(found) === phone);
};

/** Wider: rather a row too many is erased than a name left, unless the row plainly tells of somebody else. */
export const mayTellOf = (row: PointingRow, person: Person): boolean => {
  if (surelyTellsOf(row, person)) return true;
  if (pointsElsewhere(row, person)) return false;
  const { connectionIds, record } = person;
  const text = textKeyOf(row.cells);
  const had = row.connectionId !== null && connectionIds.includes(row.connectionId);
  const hers = had && (row.holder === null || row.holder === person.customerId);
  const named = record !== undefined && hasWord(text, record.firstName) && hasWord(text, record.lastName);
  if (hers && named) return true;
  const otherEmail = Boolean(record?.email) && emailsIn(row).length > 0;
  return !otherEmail && (hers || named || Boolean(record?.phone && hasWord(text, record.phone)));
};

const pointsElsewhere = ({ known }: PointingRow, { customerId }: Person) => known !== null && known !== customerId;

const holdsNow = ({ connectionId, holder }: PointingRow, { customerId, record }: Person) =>
  record !== undefined && connectionId === record.connectionId && holder === customerId;

/** As long as such can be, and no longer: a cell may be long, and made to be slow. */
const emailsIn = ({ cells }: PointingRow) =>
  cells.flatMap(
    (cell) =>
      cell.toLowerCase().match(/[\p{L}\p{N}_][\p{L}\p{N}._%+'-]{0,63}@[\p{L}\p{N}.-]{0,253}[\p{L}\p{N}]/gu) ?? [],
  );

const hasOwnEmail = (row: PointingRow, { record }: Person) =>
  Boolean(record?.email) && emailsIn(row).includes(String(record?.email).toLowerCase());

const phonesIn = ({ cells }: PointingRow) =>
  cells.flatMap((cell) => cell.match(/\+?[0-9(][0-9 ()./-]{3,29}[0-9]/g) ?? []);

/** Not as a part of a longer word or number. */
const hasWord = (text: string, word: string): boolean => {
  const wanted = foldText(word).trimEnd();
  for (let at = text.indexOf(wanted); wanted !== '' && at >= 0; at = text.indexOf(wanted, at + 1))
    if (
      !hasLetter(text.slice(Math.max(0, at - 1), at)) &&
      !hasLetter(text.slice(at + wanted.length, at + wanted.length + 1))
    )
      return true;
  return false;
};

const hasLetter = (text: string) => /[\p{L}\p{N}]/u.test(text);
