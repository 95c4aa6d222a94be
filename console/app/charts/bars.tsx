/** A bar for each value. The table or sentence next to it has the same figures. */
export const Bars = ({ values, summary }: { values: readonly number[]; summary: string }) => {
  const highest = Math.max(1, ...values);
  return (
    <figure class="chart">
      <svg viewBox="0 0 300 60" preserveAspectRatio="none" aria-hidden="true">
        {values.map((value, n) => {
          const height = Math.max(1, (56 * value) / highest);
          return <rect key={n} x={n * 15 + 1} y={60 - height} width={13} height={height} />;
        })}
      </svg>
      <figcaption class="note">{summary}</figcaption>
    </figure>
  );
};
