import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { asyncApiDocument } from './asyncapi.ts';
import { topics } from './topics.ts';

const require = createRequire(import.meta.url);
const specification = require('@asyncapi/specs/schemas/3.0.0-without-$id.json');
const readExample = (folder: string) =>
  JSON.parse(readFileSync(new URL(`events/${folder}/examples/v1.json`, import.meta.url), 'utf8'));

describe('the AsyncAPI document', () => {
  it('is valid by the AsyncAPI specification', () => {
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const isValid = ajv.compile(specification);
    expect(isValid(asyncApiDocument), JSON.stringify(isValid.errors)).toBe(true);
    expect(isValid({ ...asyncApiDocument, channels: 1 })).toBe(false);
  });

  it.each([
    ['mandateChanged', 'connection-mandate-changed', { connectionMandate: '3' }],
    ['customerChanged', 'customer-changed', { record: {} }],
    ['customerRegistered', 'customer-registered', { customerId: 7 }],
    ['orderChanged', 'order-changed', { quantity: 0 }],
    ['greetingPosted', 'greeting-posted', { message: '' }],
  ])('describes the published event %s', (message, folder, invalid) => {
    const example = readExample(folder);
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const isEvent = ajv.compile(asyncApiDocument.components.messages[message]?.payload.schema as object);
    expect(isEvent(example), JSON.stringify(isEvent.errors)).toBe(true);
    expect(isEvent({ ...example, data: { ...example.data, ...invalid } })).toBe(false);
  });

  it('has an example of each event, which is the one of the contract tests', () => {
    const messages = Object.values(asyncApiDocument.components.messages);
    const folders = ['connection-mandate-changed', 'customer-changed', 'customer-registered', 'order-changed'];
    expect(messages.map(({ examples }) => examples)).toEqual(
      [...folders, 'greeting-posted'].map((folder) => [{ name: 'v1', payload: readExample(folder) }]),
    );
  });

  it('describes every topic that is no dead-letter topic', () => {
    const described = Object.values(asyncApiDocument.channels).map(({ address }) => address);
    expect(described.sort()).toEqual(
      Object.values(topics)
        .flatMap((topic) => ('deadLetters' in topic ? [topic.name] : []))
        .sort(),
    );
  });
});
