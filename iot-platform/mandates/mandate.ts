import type { ConnectionMandateData } from '../../contracts/connection-mandate.ts';
import type { MandateChanged } from '../../contracts/parse-connection-mandate.ts';

/** What the IoT platform holds of a connection; `changedAt` is when the mandate was changed, in ISO 8601. */
export type Mandate = ConnectionMandateData & { revision: number; changedAt: string };

/**
 * Delivery is at least once and in any order: an older revision changes nothing. Of two values under one revision the
 * lower mandate wins, for both cannot be right and it is the one that nobody can be wronged by.
 */
export const evolve = (held: Mandate | undefined, change: MandateChanged): Mandate => {
  if (!held || change.revision > held.revision) return mandateAfter(change);
  return contradicts(held, change) && change.data.connectionMandate < held.connectionMandate
    ? mandateAfter(change)
    : held;
};

const mandateAfter = ({ data, revision, time }: MandateChanged): Mandate => ({
  connectionId: data.connectionId,
  connectionMandate: data.connectionMandate,
  revision,
  changedAt: time,
});

/** Whether one revision has two values. */
export const contradicts = (held: Mandate | undefined, change: MandateChanged): boolean =>
  held?.revision === change.revision && held.connectionMandate !== change.data.connectionMandate;
