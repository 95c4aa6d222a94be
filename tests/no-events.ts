/** The AsyncAPI document of a service without events. */
export const noEvents = {
  asyncapi: '3.0.0',
  info: { title: 'No events', version: '1.0.0', description: 'A service of a test.' },
  channels: {},
  operations: {},
  components: { messages: {} },
};
