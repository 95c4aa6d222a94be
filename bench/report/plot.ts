import { median } from '../measure/statistics.ts';
import type { Result } from '../result.ts';
import { formatFigure } from './table.ts';

const [width, left, right, rowHeight, top] = [900, 330, 110, 34, 56];
const [ours, others] = ['#1f6f54', '#9aa5ab'];
const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** One bar; bars of this project have another colour than those of other programs. */
type Bar = { readonly label: string; readonly values: readonly number[]; readonly isOurs: boolean };

export const barOf = ({ id, title, scenario, values }: Result): Bar => ({
  label: `${title} (${scenario})`,
  values,
  isOurs: id.startsWith('ours'),
});

/** Draws horizontal bars of the medians with whiskers from minimum to maximum, as SVG. All bars must have the same unit. */
export const drawPlot = (title: string, plotted: readonly Bar[]): string => {
  const maximum = Math.max(...plotted.flatMap(({ values }) => values));
  const scale = (value: number) => left + (value / maximum) * (width - left - right);
  const bars = plotted.map(({ label, values, isOurs }, i) => {
    const y = top + i * rowHeight;
    const middle = y + rowHeight / 2 - 3;
    const [low, high] = [scale(Math.min(...values)), scale(Math.max(...values))];
    const value = median(values);
    return [
      `<text x="${left - 10}" y="${middle + 4}" text-anchor="end">${escapeXml(label)}</text>`,
      `<rect x="${left}" y="${y}" width="${(scale(value) - left).toFixed(1)}" height="${rowHeight - 8}" fill="${isOurs ? ours : others}"/>`,
      `<path d="M${low.toFixed(1)} ${middle}H${high.toFixed(1)}M${low.toFixed(1)} ${middle - 5}v10M${high.toFixed(1)} ${middle - 5}v10" stroke="#222" fill="none"/>`,
      `<text x="${(high + 8).toFixed(1)}" y="${middle + 4}">${formatFigure(value)}</text>`,
    ].join('\n');
  });
  const height = top + plotted.length * rowHeight + 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" role="img" aria-label="${escapeXml(title)}">
<rect width="100%" height="100%" fill="#fff"/>
<text x="20" y="30" font-size="17">${escapeXml(title)}</text>
${bars.join('\n')}
</svg>
`;
};
