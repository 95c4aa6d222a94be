import type { Mandate } from '../services/customers.ts';

/** What each level of a connection mandate permits. */
export const mandates: Readonly<Record<Mandate, { readonly name: string; readonly permits: string }>> = {
  '0': { name: 'none', permits: 'The smart meter may not be read.' },
  '1': { name: 'billing only', permits: 'The smart meter may be read for billing.' },
  '2': { name: 'real time', permits: 'The smart meter may be read at any time.' },
};

export const MandateBadge = ({ mandate }: { mandate: Mandate }) => (
  <span class={`badge mandate-${mandate}`}>
    {mandate} {mandates[mandate].name}
  </span>
);
