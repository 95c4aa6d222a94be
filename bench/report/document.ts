import type { Result } from '../result.ts';
import { computeRatios } from './ratios.ts';
import { formatMarkdownTable, formatRatioRows, formatRows } from './table.ts';

/** `compared` is the id and the day of the commit that this version was compared with. */
export type Circumstances = {
  date: Date;
  machine: string;
  command: string;
  compared?: { id: string; day: string };
};

const [begin, end] = ['<!-- bench -->', '<!-- end of bench -->'];

/** Replaces the text between the markers of the document by the results and their ratios. @throws Error when the markers are missing */
export const insertResults = (
  document: string,
  results: readonly Result[],
  { date, machine, command, compared }: Circumstances,
): string => {
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/performance.md lacks the markers ${begin} and ${end}`);
  const measured = `\`${command}\` on ${date.toISOString().slice(0, 10)}: ${machine}.`;
  const other = compared ? ` The compared version is commit ${compared.id} of ${compared.day}.` : '';
  const ratios = computeRatios(results);
  const text = [
    `${measured}${other}`,
    ...(ratios.length > 0 ? [formatMarkdownTable(formatRatioRows(ratios))] : []),
    formatMarkdownTable(formatRows(results)),
  ].join('\n\n');
  return `${document.slice(0, from + begin.length)}\n${text}\n${document.slice(to)}`;
};
