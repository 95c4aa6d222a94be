import type { Mandate } from '../services/customers.ts';
import { mandates } from './mandate.tsx';

/** Chooses a mandate. Each level says what it permits. */
export const MandateChoice = ({
  value,
  error,
  onChange,
}: {
  value: string;
  error?: string | undefined;
  onChange: (value: Mandate) => void;
}) => (
  <fieldset>
    <legend>Mandate: how far may the smart meter be read?</legend>
    {(Object.entries(mandates) as [Mandate, (typeof mandates)[Mandate]][]).map(([level, { name, permits }]) => (
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
