import { basename } from 'node:path';
import { lineOfText } from '../../contracts/text.ts';

const maxLength = 100;

/** The name of a file, as imports show it and as evidence of consent refers to it. */
export const fileNameSchema = lineOfText(maxLength);

/** The name of a file without what `fileNameSchema` does not accept. @param path of the file */
export const toFileName = (path: string): string => {
  const name = [...basename(path).normalize('NFC')].slice(0, maxLength).join('').trim();
  if (fileNameSchema.safeParse(name).success) return name;
  const visible = [...name].filter((character) => fileNameSchema.safeParse(`a${character}`).success).join('');
  return visible.trim() === '' ? 'unnamed.csv' : visible.trim();
};
