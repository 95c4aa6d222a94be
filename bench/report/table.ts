import { median } from '../measure/statistics.ts';
import type { Usage } from '../measure/usage.ts';
import type { Result } from '../result.ts';

export const isGoalReached = ({ goal, values }: Result): boolean | undefined => {
  if (!goal) return undefined;
  return 'atLeast' in goal ? median(values) >= goal.atLeast : median(values) <= goal.atMost;
};

/** Formats a figure with its significant digits, as 71,834 or 3.42. */
export const formatFigure = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

const usageText = (usage: Usage | undefined): string =>
  Object.entries(usage ?? {})
    .map(([name, { cores, megabytes }]) => `${name} ${cores.toFixed(2)} / ${Math.round(megabytes)} MB`)
    .join(', ');

const goalText = (result: Result): string => {
  const { goal } = result;
  if (!goal) return '';
  const wanted = 'atLeast' in goal ? `≥ ${formatFigure(goal.atLeast)}` : `≤ ${formatFigure(goal.atMost)}`;
  return `${wanted}: ${isGoalReached(result) ? 'reached' : 'missed'}`;
};

/** Formats the results as rows of text, for the terminal and for Markdown. */
export const formatRows = (results: readonly Result[]): Record<string, string>[] =>
  results.map((result) => ({
    scenario: result.scenario,
    what: result.title,
    configuration: result.configuration,
    median: `${formatFigure(median(result.values))} ${result.unit}`,
    'min – max': `${formatFigure(Math.min(...result.values))} – ${formatFigure(Math.max(...result.values))}`,
    runs: String(result.values.length),
    goal: goalText(result),
    'CPU cores / peak memory': usageText(result.usage),
  }));

export const formatMarkdownTable = (table: readonly Record<string, string | number>[]): string => {
  const names = Object.keys(table[0] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(names), line(names.map(() => '---')), ...table.map((row) => line(Object.values(row).map(String)))].join(
    '\n',
  );
};
