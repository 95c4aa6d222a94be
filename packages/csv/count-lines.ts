import type { Encoding } from './encoding.ts';
import { countLineEnds } from './rows/line.ts';
import { type ByteSource, openBytes } from './text/byte-source.ts';

/** `add` counts the next chunk; the first chunk has the first four bytes of the file. `count` includes a last line without a line end. */
export type LineCounter = { readonly add: (chunk: Buffer) => void; readonly count: () => number };

const lineFeed = 10;
const carriageReturn = 13;

/** Counts the lines of a file as `readCsv` does: a line ends with CR LF, LF or CR. */
export const createLineCounter = (declared?: Encoding): LineCounter => {
  let source: ByteSource | undefined;
  let lines = 0;
  let last = lineFeed;
  return {
    add: (chunk) => {
      source ??= openBytes(chunk, declared);
      const bytes = source.convert(chunk);
      const hasSplitLineEnd = last === carriageReturn && bytes[0] === lineFeed;
      lines += countLineEnds(bytes.toString('latin1')) - Number(hasSplitLineEnd);
      last = bytes.at(-1) ?? last;
    },
    count: () => lines + Number(last !== lineFeed && last !== carriageReturn),
  };
};
