/** How much of a file is read to find its header. The file itself is sent as a stream and never read into memory. */
export const headBytes = 64 * 1024;

/** The fields of a customer that a column can contain. */
export const fields = [
  'customerId',
  'firstName',
  'lastName',
  'city',
  'connectionId',
  'connectionMandate',
  'email',
  'phone',
] as const;

/** Reads the names of the columns in the first line, only to show them: the CRM reads the file by its own rules. */
export const readHeader = (head: Uint8Array, encoding?: string): string[] => {
  const text = decode(head, encoding).replace(/^\uFEFF/, '');
  const lines = text.split(/\r\n|\r|\n/);
  const line = lines.find((one) => one.trim() !== '' && !/^"?sep=/i.test(one)) ?? '';
  return parseLine(line, findDelimiter(line)).map((name) => name.trim());
};

const decode = (head: Uint8Array, encoding: string | undefined): string => {
  const mark = [...head.slice(0, 2)].join();
  if (mark === '255,254') return new TextDecoder('utf-16le').decode(head);
  if (mark === '254,255') return new TextDecoder('utf-16be').decode(head);
  if (encoding) return new TextDecoder(encoding).decode(head);
  try {
    // The head may end within a character.
    return new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
  } catch {
    return new TextDecoder('windows-1252').decode(head);
  }
};

const findDelimiter = (line: string): string => {
  const unquoted = line.replaceAll(/"[^"]*"/g, '');
  const counts = [',', ';', '\t', '|'].map((delimiter) => [delimiter, unquoted.split(delimiter).length] as const);
  return counts.reduce((best, next) => (next[1] > best[1] ? next : best))[0];
};

const parseLine = (line: string, delimiter: string): string[] => {
  const names: string[] = [];
  let name = '';
  let isQuoted = false;
  for (const character of line) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === delimiter && !isQuoted) {
      names.push(name);
      name = '';
    } else name += character;
  }
  return [...names, name];
};

/** The path to which the file is sent. `choices` has the field of each column that the clerk chose. */
export const importPath = (options: {
  readonly fileName: string;
  readonly isDryRun: boolean;
  readonly onConflict: string;
  readonly choices: Readonly<Record<string, string>>;
}): string => {
  const parameters = new URLSearchParams({
    fileName: options.fileName,
    dryRun: String(options.isDryRun),
    onConflict: options.onConflict,
  });
  for (const [column, field] of Object.entries(options.choices))
    if (field !== '') parameters.append('column', `${column}=${field}`);
  return `/imports?${parameters}`;
};
