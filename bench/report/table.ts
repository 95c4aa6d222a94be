import { median } from '../measure/statistics.ts';
import type { Cost, Goal, Result } from '../result.ts';
import type { Ratio } from './ratios.ts';

type Measured = { readonly values: readonly number[]; readonly goal?: Goal };

/** Whether the median reaches the goal; undefined without a goal. */
export const isGoalReached = ({ goal, values }: Measured): boolean | undefined => {
  if (!goal) return undefined;
  return 'atLeast' in goal ? median(values) >= goal.atLeast : median(values) <= goal.atMost;
};

/** Formats a figure with its significant digits, as 71,834 or 3.42. */
export const formatFigure = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

const costText = (cost: Cost | undefined): string =>
  Object.entries(cost ?? {})
    .map(([name, { microseconds, megabytes }]) => `${name} ${microseconds.toFixed(1)} / ${Math.round(megabytes)} MB`)
    .join(', ');

const goalText = (measured: Measured): string => {
  const { goal } = measured;
  if (!goal) return '';
  const wanted = 'atLeast' in goal ? `≥ ${formatFigure(goal.atLeast)}` : `≤ ${formatFigure(goal.atMost)}`;
  return `${wanted}: ${isGoalReached(measured) ? 'reached' : 'missed'}`;
};

const rangeText = ({ values }: Measured): string =>
  `${formatFigure(Math.min(...values))} – ${formatFigure(Math.max(...values))}`;

/** Formats the results as rows of text, for the terminal and for Markdown. */
export const formatRows = (results: readonly Result[]): Record<string, string>[] =>
  results.map((result) => ({
    scenario: result.scenario,
    what: result.title,
    configuration: result.configuration,
    median: `${formatFigure(median(result.values))} ${result.unit}`,
    'min – max': rangeText(result),
    runs: String(result.values.length),
    goal: goalText(result),
    'CPU µs per event or row / peak memory': costText(result.cost),
  }));

export const formatRatioRows = (ratios: readonly Ratio[]): Record<string, string>[] =>
  ratios.map((ratio) => ({
    ratio: ratio.what,
    median: formatFigure(median(ratio.values)),
    'min – max': rangeText(ratio),
    goal: goalText(ratio),
  }));

export const formatMarkdownTable = (table: readonly Record<string, string | number>[]): string => {
  const names = Object.keys(table[0] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(names), line(names.map(() => '---')), ...table.map((row) => line(Object.values(row).map(String)))].join(
    '\n',
  );
};
