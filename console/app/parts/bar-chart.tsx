import { Table } from './table.tsx';

export type Bar = { readonly label: string; readonly value: number; readonly text: string };

/** Bars in a table: the numbers next to them are their text, so the picture itself needs none. */
export const BarChart = ({
  caption,
  label,
  measure,
  bars,
}: {
  caption: string;
  label: string;
  measure: string;
  bars: readonly Bar[];
}) => {
  const highest = Math.max(...bars.map(({ value }) => value), 0);
  return (
    <Table caption={caption} columns={[label, `${measure} #`, 'Share of the highest']}>
      {bars.map((bar) => (
        <tr key={bar.label}>
          <th scope="row">{bar.label}</th>
          <td class="number">{bar.text}</td>
          <td class="bar-cell">
            <svg class="bar-chart" width="100%" height="16" aria-hidden="true">
              <rect width={`${highest === 0 ? 0 : (100 * bar.value) / highest}%`} height="16" rx="2" />
            </svg>
          </td>
        </tr>
      ))}
    </Table>
  );
};
