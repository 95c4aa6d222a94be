import { type ConnectionMandateData, mandateLevels } from '../../contracts/events/connection-mandate-changed/schema.ts';
import type { MandateChanged } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import type { PlaceInLog } from '../../contracts/read-event.ts';

/**
 * The content of one record about a connection. `revision` is 0 for a payload without one; `at` is the
 * partition and offset of the record, if known.
 */
type Statement = {
  readonly connectionMandate: ConnectionMandateData['connectionMandate'];
  readonly revision: number;
  readonly changedAt: string;
  readonly at?: PlaceInLog;
};

/**
 * The mandate of a connection as the view holds it; `changedAt` is when it was changed, in ISO 8601. A connection may
 * have both events with a revision and payloads without one. The latest of one kind is shown and the latest of the
 * other kind is kept in `other`, so that the order of delivery does not matter.
 */
export type Mandate = Pick<ConnectionMandateData, 'connectionId'> & Statement & { readonly other?: Statement };

/**
 * Delivery is at least once and unordered: an older change is ignored. When one revision has two values, the lower
 * mandate wins: both cannot be correct, and the lower one is safe.
 */
export const evolve = (held: Mandate | undefined, change: MandateChanged): Mandate => {
  const latest = toStatement(change);
  const { connectionId } = change.data;
  if (!held) return { connectionId, ...latest };
  const isShownKind = hasRevision(held) === hasRevision(latest);
  const sameKind = isShownKind ? held : held.other;
  if (sameKind && !isLater(latest, sameKind) && !isEarlierCopy(latest, sameKind)) return held;
  const otherKind = isShownKind ? held.other : getShownStatement(held);
  if (!otherKind) return { connectionId, ...latest };
  const [shown, other] = isLater(otherKind, latest) ? [otherKind, latest] : [latest, otherKind];
  return { connectionId, ...shown, other };
};

/** The highest revision that the view has seen of the connection; 0 when it has seen only payloads without a revision. */
export const revisionOf = ({ revision, other }: Mandate): number => Math.max(revision, other?.revision ?? 0);

/** What the view permits: an unknown connection permits as much as mandate 0. */
export const permittedLevel = (mandate: Pick<Mandate, 'connectionMandate'> | undefined): string =>
  mandate?.connectionMandate ?? mandateLevels.none;

/** Whether the change gives another value to a revision that the view has seen. */
export const contradicts = (held: Mandate | undefined, change: MandateChanged): boolean =>
  change.revision > 0 && (isOtherValue(held, change) || isOtherValue(held?.other, change));

const isOtherValue = (statement: Statement | undefined, { revision, data }: MandateChanged): boolean =>
  statement?.revision === revision && statement.connectionMandate !== data.connectionMandate;

const toStatement = ({ data, revision, time, place }: MandateChanged): Statement => ({
  connectionMandate: data.connectionMandate,
  revision,
  changedAt: time,
  ...(place && { at: place }),
});

const getShownStatement = ({ connectionId: _, other: __, ...statement }: Mandate): Statement => statement;

const hasRevision = ({ revision }: Statement) => revision > 0;

const isLater = (one: Statement, other: Statement): boolean => {
  if (hasRevision(one) && hasRevision(other))
    return one.revision === other.revision ? isLower(one, other) : one.revision > other.revision;
  if (one.at && other.at && one.at[0] === other.at[0] && one.at[1] !== other.at[1]) return one.at[1] > other.at[1];
  if (hasRevision(one) !== hasRevision(other)) return hasRevision(one) ? !outranks(other, one) : outranks(one, other);
  // The log defines no order between payloads without a revision in different partitions, or with an invalid place.
  return one.changedAt === other.changedAt ? isLower(one, other) : one.changedAt > other.changedAt;
};

/**
 * Whether a payload without a revision replaces an event with one, where the log does not define their order. The event
 * wins, unless its partition and offset are unknown (an earlier version or a rebuild from the CRM wrote it): then the
 * later time wins.
 */
const outranks = (payload: Statement, event: Statement): boolean =>
  payload.at !== undefined && event.at === undefined && Date.parse(payload.changedAt) > event.revision;

const isLower = (one: Statement, other: Statement) => one.connectionMandate < other.connectionMandate;

/**
 * Whether `one` is the same event as `other` at an earlier place: a lower partition, or a lower offset in the same. The event was
 * published twice, and payloads between the two copies are later than it.
 */
const isEarlierCopy = (one: Statement, other: Statement): boolean =>
  hasRevision(one) &&
  one.revision === other.revision &&
  one.connectionMandate === other.connectionMandate &&
  one.at !== undefined &&
  other.at !== undefined &&
  (one.at[0] === other.at[0] ? one.at[1] < other.at[1] : one.at[0] < other.at[0]);
