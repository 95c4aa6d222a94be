import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

/**
 * Replaces the text of a section between its markers in a document of docs/, with date, machine and command.
 * @throws Error when the markers are missing
 */
export const writeSection = (
  document: string,
  section: string,
  text: string,
  { command, date }: { command: string; date: Date },
) => {
  const file = join(import.meta.dirname, '../../docs', document);
  const [begin, end] = [`<!-- ${section} -->`, `<!-- end of ${section} -->`];
  const held = readFileSync(file, 'utf8');
  const [before, after] = [held.indexOf(begin), held.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`docs/${document} lacks the markers ${begin} and ${end}`);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`;
  const taken = `${date.toISOString().slice(0, 10)}, ${machine}, Node ${process.version}: \`${command}\``;
  writeFileSync(file, `${held.slice(0, before)}${begin}\n${taken}\n\n${text}\n${held.slice(after)}`);
};
