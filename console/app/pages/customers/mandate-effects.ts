import { mandates } from '../../parts/mandate.tsx';
import type { Mandate } from '../../services/customers.ts';

/** What saving will change about mandates, in sentences. */
export const describeMandateChange = (
  before: { readonly connectionId: string; readonly connectionMandate: string } | undefined,
  after: { readonly connectionId: string; readonly connectionMandate: string },
): string[] => {
  const level = mandates[after.connectionMandate as Mandate];
  if (!level) return [];
  const connectionId = after.connectionId.trim();
  const sentence = `${connectionId ? `Connection ${connectionId}` : 'The connection'} gets the mandate ${after.connectionMandate} (${level.name}). ${level.permits}`;
  if (!before) return [sentence];
  if (before.connectionId !== connectionId)
    return [
      `Connection ${before.connectionId} is given up: its mandate becomes 0 (none), and its smart meter may no longer be read.`,
      sentence,
    ];
  if (before.connectionMandate === after.connectionMandate) return [];
  const old = mandates[before.connectionMandate as Mandate]?.name ?? 'unknown';
  return [
    `The mandate of connection ${before.connectionId} changes from ${before.connectionMandate} (${old}) to ${after.connectionMandate} (${level.name}). ${level.permits}`,
    'The IoT platform applies this as soon as the event arrives, usually within milliseconds.',
  ];
};
