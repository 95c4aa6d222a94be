import { z } from 'zod';
import { mandateChangedSchema, mandateChangedType } from './events/connection-mandate-changed/schema.ts';
import { topics } from './topics.ts';

const { connectionMandates: mandates } = topics;

const mandateChanged = {
  name: mandateChangedType,
  title: 'A connection’s mandate changed',
  summary: 'CloudEvents 1.0. `sequence` is the revision: an older one never replaces a newer one.',
  contentType: mandates.codec.contentType,
  payload: {
    schemaFormat: 'application/schema+json;version=draft-2020-12',
    schema: z.toJSONSchema(mandateChangedSchema, { io: 'input' }),
  },
  bindings: { kafka: { key: { type: 'string', description: 'The connectionId.' } } },
};

/** Describes the published events in AsyncAPI 3, with the schemas that read and write them. */
export const asyncApiDocument = {
  asyncapi: '3.0.0',
  info: {
    title: 'Connection mandates',
    version: '1.0.0',
    description:
      'How far each connection’s meter may be read: the CRM publishes it to any subscriber. No personal data.',
  },
  defaultContentType: 'application/json',
  channels: {
    connectionMandates: {
      address: mandates.name,
      title: 'Changes of mandates',
      description: 'Keeps its records forever. Delivered at least once, in order per connection.',
      messages: { mandateChanged: { $ref: '#/components/messages/mandateChanged' } },
      bindings: {
        kafka: {
          topic: mandates.name,
          partitions: mandates.partitions,
          topicConfiguration: {
            'max.message.bytes': mandates.maxMessageBytes,
            'retention.ms': -1,
            'retention.bytes': -1,
          },
        },
      },
    },
  },
  operations: {
    announceMandate: {
      action: 'send',
      title: 'The CRM announces each change of a mandate',
      channel: { $ref: '#/channels/connectionMandates' },
    },
    followMandates: {
      action: 'receive',
      title: 'The IoT platform, or any other subscriber, keeps a view of all mandates',
      channel: { $ref: '#/channels/connectionMandates' },
    },
  },
  components: { messages: { mandateChanged } },
};
