import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { mandateChangedSchema, mandateChangedType } from './events/connection-mandate-changed/schema.ts';
import { customerChangedSchema, customerChangedType } from './events/customer-changed/schema.ts';
import { customerRegisteredSchema, customerRegisteredType } from './events/customer-registered/schema.ts';
import { greetingPostedSchema, greetingPostedType } from './events/greeting-posted/schema.ts';
import { orderChangedSchema, orderChangedType } from './events/order-changed/schema.ts';
import { topics } from './topics.ts';

type PublishedTopic = (typeof topics)[
  | 'connectionMandates'
  | 'customers'
  | 'customerRegistrations'
  | 'orders'
  | 'greetings'];

/** A topic with its one kind of event. `folder` has the example, `key` describes the record key. */
type PublishedEvent = {
  topic: PublishedTopic;
  folder: string;
  title: string;
  description: string;
  message: string;
  type: string;
  schema: z.ZodType;
  summary: string;
  key: string;
  send: string;
  receive: string;
};

const keepsRecords = 'Keeps its records forever. Delivered at least once';

const published = {
  connectionMandates: {
    topic: topics.connectionMandates,
    folder: 'connection-mandate-changed',
    title: 'Changes of mandates',
    description:
      `${keepsRecords}, in order per connection. The topic may also have records of other publishers with the two fields of \`data\` ` +
      'alone, as JSON, as a JSON string inside JSON, or in the envelope that Dapr adds.',
    message: 'mandateChanged',
    type: mandateChangedType,
    schema: mandateChangedSchema,
    summary: 'CloudEvents 1.0. `sequence` is the revision: an older one never replaces a newer one.',
    key: 'The connectionId.',
    send: 'The CRM announces each change of a mandate',
    receive: 'The IoT platform, or any other subscriber, keeps a view of all mandates',
  },
  customers: {
    topic: topics.customers,
    folder: 'customer-changed',
    title: 'The state of each customer',
    description:
      'The only topic with personal data. Compacted: it keeps the last record of each customer, and a record without a value ' +
      '(a tombstone) means that the customer was erased. Delivered at least once.',
    message: 'customerChanged',
    type: customerChangedType,
    schema: customerChangedSchema,
    summary:
      'CloudEvents 1.0. `sequence` is the revision of the customer: an older one never replaces a newer one. `record` is null ' +
      'after the customer was deleted.',
    key: 'The customerId.',
    send: 'The CRM publishes the state of a customer after each change',
    receive: 'The customer-view, or any other subscriber that may process personal data, keeps a view of all customers',
  },
  customerRegistrations: {
    topic: topics.customerRegistrations,
    folder: 'customer-registered',
    title: 'Registrations of customers',
    description: `${keepsRecords}.`,
    message: 'customerRegistered',
    type: customerRegisteredType,
    schema: customerRegisteredSchema,
    summary: 'CloudEvents 1.0. `time` is the registration.',
    key: 'The customerId.',
    send: 'The CRM announces each new customer by number',
    receive: 'The customer-view counts new customers',
  },
  orders: {
    topic: topics.orders,
    folder: 'order-changed',
    title: 'The state of each order',
    description: `${keepsRecords}.`,
    message: 'orderChanged',
    type: orderChangedType,
    schema: orderChangedSchema,
    summary: 'CloudEvents 1.0. `sequence` is the version of the order: an older one never replaces a newer one.',
    key: 'The orderId.',
    send: 'The CRM publishes the state of an order after each change',
    receive: 'The customer-view, or any other subscriber, keeps a view of all orders',
  },
  greetings: {
    topic: topics.greetings,
    folder: 'greeting-posted',
    title: 'Greetings',
    description: `${keepsRecords}.`,
    message: 'greetingPosted',
    type: greetingPostedType,
    schema: greetingPostedSchema,
    summary: 'CloudEvents 1.0. A greeting never changes.',
    key: 'The greetingId.',
    send: 'The CRM announces each greeting',
    receive: 'The customer-view shows the latest greetings',
  },
} satisfies Record<string, PublishedEvent>;

const describeTopic = ({ topic, title, description, message }: PublishedEvent) => ({
  address: topic.name,
  title,
  description,
  messages: { [message]: { $ref: `#/components/messages/${message}` } },
  bindings: {
    kafka: {
      topic: topic.name,
      partitions: topic.partitions,
      topicConfiguration: {
        'max.message.bytes': topic.maxMessageBytes,
        'retention.ms': -1,
        'retention.bytes': -1,
        ...('compaction' in topic && { 'cleanup.policy': ['compact'] }),
      },
    },
  },
});

/** None of the headers is needed to apply an event, except that `replay-of` says how old a replayed one is. */
const recordHeaders = {
  type: 'object',
  properties: {
    partitionKey: { type: 'string', description: 'The record key once more, added by Dapr.' },
    rawPayload: { type: 'string', const: 'true', description: 'Added by Dapr: the record value is the event itself.' },
    'replay-of': {
      type: 'string',
      pattern: '^.+/[0-9]{1,9}/[0-9]{1,15}$',
      description:
        'Topic, partition and offset of the original, if the record is a dead letter that was replayed. It is not newer than its original.',
    },
  },
} as const;

const readExample = (folder: string): object =>
  JSON.parse(readFileSync(new URL(`events/${folder}/examples/v1.json`, import.meta.url), 'utf8'));

const describeMessage = ({ topic, folder, type, title, summary, schema, key }: PublishedEvent) => ({
  name: type,
  title,
  summary,
  contentType: topic.codec.contentType,
  headers: recordHeaders,
  payload: {
    schemaFormat: 'application/schema+json;version=draft-2020-12',
    schema: z.toJSONSchema(schema, { io: 'input' }),
  },
  examples: [{ name: 'v1', payload: readExample(folder) }],
  bindings: { kafka: { key: { type: 'string', description: key } } },
});

const entries = Object.entries(published) as [string, PublishedEvent][];

const describeOperations = ([channel, { message, send, receive }]: [string, PublishedEvent]) => {
  const name = message.charAt(0).toUpperCase() + message.slice(1);
  const reference = { $ref: `#/channels/${channel}` };
  return [
    [`publish${name}`, { action: 'send', title: send, channel: reference }],
    [`follow${name}`, { action: 'receive', title: receive, channel: reference }],
  ] as const;
};

/** Describes the published events in AsyncAPI 3, with the schemas that read and write them. */
export const asyncApiDocument = {
  asyncapi: '3.0.0',
  info: {
    title: 'Events of the CRM',
    version: '1.0.0',
    description:
      'Connection mandates (how far each connection’s meter may be read), customers, orders and greetings, published by the CRM to ' +
      'any subscriber. Only customers-topic has personal data.',
  },
  defaultContentType: 'application/json',
  channels: Object.fromEntries(entries.map(([channel, event]) => [channel, describeTopic(event)])),
  operations: Object.fromEntries(entries.flatMap(describeOperations)),
  components: { messages: Object.fromEntries(entries.map(([, event]) => [event.message, describeMessage(event)])) },
};
