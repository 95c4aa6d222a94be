import { hasValidEnvelope, matches } from '../../cloud-event.ts';
import { connectionIdPattern, type MandateChangedEvent, mandateChangedType, mandateLevels } from './schema.ts';

const levels = new Set<unknown>(Object.values(mandateLevels));

/**
 * Fast-path validation: accepts exactly the events that `mandateChangedSchema` accepts. The schema is most of the cost of reading an
 * event, so it checks only events that fail here, and reports what is wrong.
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
