import { z } from 'zod';
import { parseIfString } from '../../codec.ts';
import {
  createEventReader,
  type EventContract,
  fromCurrentVersion,
  type ReadEvent,
  validate,
} from '../../read-event.ts';
import { topics } from '../../topics.ts';
import { readCommonJson } from './fast-path.ts';
import {
  acceptNumber,
  type ConnectionMandateData,
  connectionIdSchema,
  connectionMandateSchema,
  mandateChangedSchema,
  mandateChangedType,
} from './schema.ts';

/** A change of one connection's mandate, parsed from any version of the event. */
export type MandateChanged = ReadEvent<ConnectionMandateData>;

/** The lab's CRM publishes numbers where its user entered numbers, so the schema accepts both. */
const plainPayloadSchema = z.object({
  connectionId: acceptNumber(connectionIdSchema),
  connectionMandate: acceptNumber(connectionMandateSchema),
});

/** An event without a revision is ordered by its offset, not by a clock. */
const fromPlainPayload = (payload: unknown, timestamp: number): MandateChanged => ({
  data: validate(plainPayloadSchema, payload),
  revision: 0,
  time: new Date(timestamp).toISOString(),
});

const fromMandateChanged = (event: object): MandateChanged =>
  fromCurrentVersion(validate(mandateChangedSchema, event), 'connectionId');

/** Accepts our CloudEvent, and the payload of the lab's CRM, bare or in the envelope that Dapr adds. */
export const connectionMandateChanged: EventContract<ConnectionMandateData> = {
  upcasters: {
    [mandateChangedType]: fromMandateChanged,
    'com.dapr.event.sent': (event, timestamp) => fromPlainPayload(parseIfString(event.data), timestamp),
  },
  withoutEnvelope: fromPlainPayload,
  readCommonJson,
  subject: { field: 'connectionId', schema: acceptNumber(connectionIdSchema) },
};

/** Parses the events of the mandates' topic. */
export const connectionMandateReader = createEventReader(topics.connectionMandates.codec, connectionMandateChanged);
export const { parse: parseConnectionMandate, findSubjectOfUnreadable: findConnectionOfUnreadable } =
  connectionMandateReader;
