import type { Result } from '../result.ts';
import { formatMarkdownTable, formatRows } from './table.ts';

export type Circumstances = { date: Date; machine: string; command: string };

/** Replaces the text between the markers of the document's section by the results. @throws Error when the markers are missing */
export const insertResults = (
  document: string,
  section: 'full' | 'quick',
  results: readonly Result[],
  { date, machine, command }: Circumstances,
): string => {
  const [begin, end] = [`<!-- bench ${section} -->`, `<!-- end of bench ${section} -->`];
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/performance.md lacks the markers ${begin} and ${end}`);
  const measured = `\`${command}\` on ${date.toISOString().slice(0, 10)}: ${machine}.`;
  return `${document.slice(0, from + begin.length)}\n${measured}\n\n${formatMarkdownTable(formatRows(results))}\n${document.slice(to)}`;
};
