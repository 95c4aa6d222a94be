import { z } from 'zod';
import { type MandateChangedEvent, mandateChangedType, mandateLevels, maxRevision } from './connection-mandate.ts';

const connectionIdForm = /^[0-9A-Z-]{1,64}$/;
const sequenceForm = /^[0-9]{1,16}$/;
const timeForm = z.core.regexes.datetime({ offset: true });
const levels = new Set<unknown>(Object.values(mandateLevels));

/**
 * Whether the event is one that `mandateChangedSchema` takes as it is. Checking by the schema costs most of what reading
 * an event costs; so what is plainly right goes past it, and all else is for the schema to judge and to complain about.
 */
export const isPlainlyRight = (event: object): event is MandateChangedEvent => {
  const given = event as Partial<Record<keyof MandateChangedEvent, unknown>>;
  const { subject, time, sequence, traceparent, datacontenttype, data } = given;
  if (typeof data !== 'object' || data === null) return false;
  const { connectionId, connectionMandate } = data as Record<string, unknown>;
  return (
    given.specversion === '1.0' &&
    given.type === mandateChangedType &&
    isFilled(given.id) &&
    isFilled(given.source) &&
    isOf(connectionIdForm, subject) &&
    isOf(timeForm, time) &&
    isOf(sequenceForm, sequence) &&
    Number(sequence) >= 1 &&
    Number(sequence) <= maxRevision &&
    (traceparent === undefined || typeof traceparent === 'string') &&
    (datacontenttype === undefined || datacontenttype === 'application/json') &&
    isOf(connectionIdForm, connectionId) &&
    levels.has(connectionMandate)
  );
};

const isFilled = (value: unknown) => typeof value === 'string' && value !== '';
const isOf = (form: RegExp, value: unknown) => typeof value === 'string' && form.test(value);
