import { foldText } from '../database/index.ts';

/** Search and sorting use only the first characters of a name, because the size of an index entry is limited. */
const maxKeyLength = 200;

export const searchKey = (text: string): string => [...foldText(text)].slice(0, maxKeyLength).join('');

/** The keys by which lists find and sort a customer. They are columns of its row, so they are erased with it. */
export const searchKeys = ({ firstName, lastName, city }: { firstName: string; lastName: string; city: string }) => ({
  nameKey: searchKey(`${lastName} ${firstName}`).trimEnd(),
  cityKey: searchKey(city).trimEnd(),
});
