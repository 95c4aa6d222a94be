import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { asyncApiDocument } from './asyncapi.ts';

const require = createRequire(import.meta.url);
const specification = require('@asyncapi/specs/schemas/3.0.0-without-$id.json');
const example = JSON.parse(
  readFileSync(new URL('events/connection-mandate-changed/examples/v1.json', import.meta.url), 'utf8'),
);

describe('the AsyncAPI document', () => {
  it('is valid by the AsyncAPI specification', () => {
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const isValid = ajv.compile(specification);
    expect(isValid(asyncApiDocument), JSON.stringify(isValid.errors)).toBe(true);
    expect(isValid({ ...asyncApiDocument, channels: 1 })).toBe(false);
  });

  it('describes the published event', () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const isEvent = ajv.compile(asyncApiDocument.components.messages.mandateChanged.payload.schema);
    expect(isEvent(example), JSON.stringify(isEvent.errors)).toBe(true);
    expect(isEvent({ ...example, data: { connectionId: '7733', connectionMandate: '3' } })).toBe(false);
  });
});
