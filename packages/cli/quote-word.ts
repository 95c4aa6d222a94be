/** Quotes a path or another value, where a POSIX shell needs it, so that a command in a message can be typed as it is printed. */
export const quoteWord = (word: string): string =>
  /^[\w./:@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
