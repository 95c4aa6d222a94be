import { hasValidEnvelope, matches } from '../../cloud-event.ts';
import { connectionIdPattern, type MandateChangedEvent, mandateChangedType, mandateLevels } from './schema.ts';

const levels = new Set<unknown>(Object.values(mandateLevels));

/**
 * Whether `mandateChangedSchema` accepts the event as it is. To check by the schema costs most of what reading an event
 * costs, so only an event that fails here is checked by the schema, which says what is wrong.
 */
export const isValidMandateChanged = (event: object): event is MandateChangedEvent => {
  const { type, subject, data } = event as Partial<Record<keyof MandateChangedEvent, unknown>>;
  if (typeof data !== 'object' || data === null) return false;
  const { connectionId, connectionMandate } = data as Record<string, unknown>;
  return (
    type === mandateChangedType &&
    hasValidEnvelope(event) &&
    matches(connectionIdPattern, subject) &&
    matches(connectionIdPattern, connectionId) &&
    levels.has(connectionMandate)
  );
};
