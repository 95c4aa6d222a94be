import { z } from 'zod';
import { cloudEventSchema, createCloudEvent, type Envelope } from '../../cloud-event.ts';
import { textOf, withoutControls } from '../../text.ts';

export const maxGreetingLength = 280;
const message = `text of 1 to ${maxGreetingLength} characters without control characters`;
/** A greeting as events carry it. The rules for what a caller may post are stricter, and older greetings were posted without them. */
export const greetingMessageSchema = textOf(maxGreetingLength, message)
  .regex(/\S/, message)
  .regex(withoutControls, message)
  .meta({ examples: ['Good morning'] });

const greetingSchema = z.object({ greetingId: z.uuid(), message: greetingMessageSchema });
export type Greeting = z.infer<typeof greetingSchema>;

export const greetingPostedType = 'utility.crm.greeting-posted.v1';

/** `subject` is the greetingId; a greeting never changes, so its `sequence` is 1. */
export const greetingPostedSchema = cloudEventSchema(greetingPostedType, { subject: z.uuid(), data: greetingSchema });
type GreetingPostedEvent = z.infer<typeof greetingPostedSchema>;

/** Creates the event that the CRM publishes; `envelope.time` is when the greeting was posted. */
export const createGreetingPostedEvent = (data: Greeting, envelope: Omit<Envelope, 'revision'>): GreetingPostedEvent =>
  createCloudEvent(
    { source: '/crm', type: greetingPostedType, subject: data.greetingId, data },
    { ...envelope, revision: 1 },
  );
