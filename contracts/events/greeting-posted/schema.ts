import { z } from 'zod';
import { cloudEventSchema, createCloudEvent, type Envelope } from '../../cloud-event.ts';
import { lineOfText } from '../../text.ts';

export const greetingMessageSchema = lineOfText(280).meta({ examples: ['Good morning'] });

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
