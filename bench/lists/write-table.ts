import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const document = new URL('../../docs/performance-crm.md', import.meta.url);

/** Replaces the table of one database between its markers in docs/performance-crm.md, with date, machine and command. */
export const writeTable = (database: string, table: string, { command, date }: { command: string; date: Date }) => {
  const [begin, end] = [`<!-- lists on ${database} -->`, `<!-- end of lists on ${database} -->`];
  const text = readFileSync(document, 'utf8');
  const [before, after] = [text.indexOf(begin), text.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`docs/performance-crm.md lacks the markers ${begin} and ${end}`);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`;
  const taken = `${date.toISOString().slice(0, 10)}, ${machine}, Node ${process.version}: \`${command}\``;
  writeFileSync(document, `${text.slice(0, before)}${begin}\n${taken}\n\n${table}\n${text.slice(after)}`);
};
