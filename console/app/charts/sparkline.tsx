/** A line of values over time; a gap where a value is unknown. `summary` says the same in a sentence, for people who do not see it. */
export const Sparkline = ({ values, summary }: { values: readonly (number | null)[]; summary: string }) => {
  const highest = Math.max(1, ...values.map((value) => value ?? 0));
  const step = 300 / Math.max(1, values.length - 1);
  let isDrawing = false;
  const path = values
    .map((value, n) => {
      const command =
        value === null
          ? ''
          : `${isDrawing ? 'L' : 'M'}${(n * step).toFixed(1)} ${(58 - (56 * value) / highest).toFixed(1)}`;
      isDrawing = value !== null;
      return command;
    })
    .join('');
  return (
    <figure class="chart">
      <svg viewBox="0 0 300 60" preserveAspectRatio="none" aria-hidden="true">
        <path d={path} />
      </svg>
      <figcaption class="note">{summary}</figcaption>
    </figure>
  );
};
