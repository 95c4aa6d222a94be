import { type ConnectionMandateData, mandateLevels } from '../../contracts/events/connection-mandate-changed/schema.ts';
import type { MandateChanged } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import type { PlaceInLog } from '../../contracts/read-event.ts';

/** One record about a connection. `revision` is 0 for a payload without one; `at` is its place in the log, where known. */
type Statement = {
  readonly connectionMandate: ConnectionMandateData['connectionMandate'];
  readonly revision: number;
  readonly changedAt: string;
  readonly at?: PlaceInLog;
};

/**
 * What the IoT platform holds of a connection; `changedAt` is when the mandate was changed, in ISO 8601. A connection may
 * have events with a revision and payloads without one. `other` is then the latest of the kind that is not shown: both are
 * kept, so that the order of delivery does not matter.
 */
export type Mandate = Pick<ConnectionMandateData, 'connectionId'> & Statement & { readonly other?: Statement };

/**
 * Delivery is at least once and in any order: an older change is ignored. Of two values under one revision the lower
 * mandate wins, for both cannot be right and it is the safe one.
 */
export const evolve = (held: Mandate | undefined, change: MandateChanged): Mandate => {
  const latest = statementOf(change);
  const { connectionId } = change.data;
  if (!held) return { connectionId, ...latest };
  const known = [statementIn(held), ...(held.other ? [held.other] : [])];
  const sameKind = known.find((statement) => hasRevision(statement) === hasRevision(latest));
  const otherKind = known.find((statement) => hasRevision(statement) !== hasRevision(latest));
  if (sameKind && !isLater(latest, sameKind) && !isEarlierCopy(latest, sameKind)) return held;
  if (!otherKind) return { connectionId, ...latest };
  const [shown, other] = isLater(otherKind, latest) ? [otherKind, latest] : [latest, otherKind];
  return { connectionId, ...shown, other };
};

/** The latest revision that the view has seen; 0 where it has seen payloads without one alone. */
export const revisionOf = ({ revision, other }: Mandate): number => Math.max(revision, other?.revision ?? 0);

/** What a view permits: "no such connection" permits as much as 0. */
export const permittedLevel = (mandate: Pick<Mandate, 'connectionMandate'> | undefined): string =>
  mandate?.connectionMandate ?? mandateLevels.none;

/** Whether one revision has two values. */
export const contradicts = (held: Mandate | undefined, change: MandateChanged): boolean =>
  change.revision > 0 &&
  [held, held?.other].some(
    (statement) =>
      statement?.revision === change.revision && statement.connectionMandate !== change.data.connectionMandate,
  );

const statementOf = ({ data, revision, time, place }: MandateChanged): Statement => ({
  connectionMandate: data.connectionMandate,
  revision,
  changedAt: time,
  ...(place && { at: place }),
});

const statementIn = ({ connectionId: _, other: __, ...statement }: Mandate): Statement => statement;

const hasRevision = ({ revision }: Statement) => revision > 0;

const isLater = (one: Statement, other: Statement): boolean => {
  if (hasRevision(one) && hasRevision(other))
    return one.revision === other.revision ? isLower(one, other) : one.revision > other.revision;
  if (one.at && other.at && one.at[0] === other.at[0]) return one.at[1] > other.at[1];
  if (hasRevision(one) !== hasRevision(other)) return hasRevision(one) ? !outranks(other, one) : outranks(one, other);
  // Two payloads without a revision in two partitions, between which the log has no order.
  return one.changedAt === other.changedAt ? isLower(one, other) : one.changedAt > other.changedAt;
};

/**
 * Whether a payload without a revision comes after an event with one, where the log does not say so: the event wins. Only
 * against a document whose place is unknown, for it was written by an earlier version or from the CRM, the times decide.
 */
const outranks = (payload: Statement, event: Statement): boolean =>
  payload.at !== undefined && event.at === undefined && Date.parse(payload.changedAt) > event.revision;

const isLower = (one: Statement, other: Statement) => one.connectionMandate < other.connectionMandate;

/** The same event at an earlier place: it was published again, and what is between the two places came after it. */
const isEarlierCopy = (one: Statement, other: Statement): boolean =>
  hasRevision(one) &&
  one.revision === other.revision &&
  one.connectionMandate === other.connectionMandate &&
  one.at !== undefined &&
  other.at !== undefined &&
  one.at[0] === other.at[0] &&
  one.at[1] < other.at[1];
