import { foldText } from '../database/index.ts';

/** More of a name is neither looked for nor sorted by: an index has its limits. */
const maxKeyLength = 200;

export const searchKey = (text: string): string => [...foldText(text)].slice(0, maxKeyLength).join('');

/** What lists find and sort a customer by; written with every row, erased with it. */
export const searchKeys = ({ firstName, lastName, city }: { firstName: string; lastName: string; city: string }) => ({
  nameKey: searchKey(`${lastName} ${firstName}`).trimEnd(),
  cityKey: searchKey(city).trimEnd(),
});
