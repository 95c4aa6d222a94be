import { mandates } from '../../parts/mandate.tsx';
import type { Mandate } from '../../services/customers.ts';

/** Chooses a mandate. Each level says what it permits. */
export const MandateChoice = ({
  value,
  error,
  onChange,
}: {
  value: string;
  error?: string | undefined;
  onChange: (value: string) => void;
}) => (
  <fieldset>
    <legend>Mandate: how far may the smart meter be read?</legend>
    {Object.entries(mandates).map(([level, { name, permits }]) => (
      <label key={level} class="choice">
        <input
          type="radio"
          name="connectionMandate"
          value={level}
          checked={value === level}
          aria-invalid={error !== undefined}
          onChange={() => onChange(level)}
        />
        <span>
          {level} {name}
          <small>{permits}</small>
        </span>
      </label>
    ))}
    {error && <p class="field-error">{error}</p>}
  </fieldset>
);

/** What saving will change about mandates, in sentences. */
export const describeMandateChange = (
  before: { readonly connectionId: string; readonly connectionMandate: string } | undefined,
  after: { readonly connectionId: string; readonly connectionMandate: string },
): string[] => {
  const level = mandates[after.connectionMandate as Mandate];
  if (!level) return [];
  const sentence = `${after.connectionId.trim() || 'the connection'} gets the mandate ${after.connectionMandate} (${level.name}). ${level.permits}`;
  if (!before) return [`Connection ${sentence}`];
  if (before.connectionId !== after.connectionId.trim())
    return [
      `Connection ${before.connectionId} is given up: its mandate becomes 0 (none), and its smart meter may no longer be read.`,
      `Connection ${sentence}`,
    ];
  if (before.connectionMandate === after.connectionMandate) return [];
  const old = mandates[before.connectionMandate as Mandate]?.name ?? 'unknown';
  return [
    `The mandate of connection ${before.connectionId} changes from ${before.connectionMandate} (${old}) to ${after.connectionMandate} (${level.name}). ${level.permits}`,
    'The IoT platform applies this as soon as the event arrives, usually within milliseconds.',
  ];
};
