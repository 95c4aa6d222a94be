import { mkdir, open } from 'node:fs/promises';
import { dirname, parse } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Writes refused rows to a new file that only its owner can read. An existing file is kept, because it may have been
 * corrected; then the next free name is used, such as `refused.2.csv`.
 * @returns the name of the new file
 */
export const writeRefusedFile = async (wanted: string, rows: AsyncIterable<Uint8Array | string>): Promise<string> => {
  await mkdir(dirname(wanted), { recursive: true, mode: 0o700 });
  for (let number = 1; ; number++) {
    const file = number === 1 ? wanted : addNumber(wanted, number);
    const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (!handle) continue;
    await pipeline(Readable.from(rows), handle.createWriteStream());
    return file;
  }
};

const addNumber = (file: string, number: number): string => {
  const { ext } = parse(file);
  return `${file.slice(0, file.length - ext.length)}.${number}${ext}`;
};
