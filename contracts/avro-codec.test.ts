import { readFileSync } from 'node:fs';
import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAvroCodec } from './avro-codec.ts';
import { parseConnectionMandate } from './events/connection-mandate-changed/upcasters.ts';
import type { Registry } from './schema-registry.ts';

const folder = new URL('events/connection-mandate-changed/', import.meta.url);
const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
const schema = read('schema.v1.avsc');
const example = read('examples/v1.json');
const subject = 'connection-mandates-avro-topic-value';

/** A registry that has these schemas, by id; `state.isDown` makes it unreachable. */
const openCodec = (schemas: Record<number, object> = { 7: schema }, kind = 'AVRO') => {
  const state = { isDown: false, requests: 0 };
  const answer = <T>(value: T): Promise<T> => {
    state.requests++;
    return state.isDown ? Promise.reject(new Error('The schema registry does not answer')) : Promise.resolve(value);
  };
  const registry = {
    findId: (_: string, wanted: unknown) =>
      answer(Object.entries(schemas).find(([, held]) => held === wanted)?.[0]).then((id) =>
        id ? Number(id) : undefined,
      ),
    readById: (id: number) => answer(schemas[id] && { kind, schema: schemas[id] }),
  } as unknown as Registry;
  return { codec: createAvroCodec({ registry, subject, schema }), state, schemas };
};
const decode = async ({ codec }: ReturnType<typeof openCodec>, value: Buffer) => {
  await codec.prepareToDecode?.([value]);
  return codec.decode(value);
};
const frame = (id: number, body: Buffer) => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, body]);
};
const encoded = (event: object, by: object = schema) => avsc.Type.forSchema(by as never).toBuffer(event);

describe('the Avro codec', () => {
  it('writes a zero byte, the id of the schema and what avsc writes, and reads it again', async () => {
    const opened = openCodec();
    await opened.codec.prepareToEncode?.();
    const text = fc.string({ unit: 'grapheme' });
    const event = fc
      .record({
        id: text,
        source: text,
        sequence: text,
        traceparent: text,
        connectionId: text,
        connectionMandate: text,
      })
      .map(({ connectionId, connectionMandate, ...rest }) => ({
        ...example,
        ...rest,
        data: { connectionId, connectionMandate },
      }));
    await fc.assert(
      fc.asyncProperty(event, async (one) => {
        const value = opened.codec.encode(one);
        expect(value).toEqual(frame(7, encoded(one)));
        expect(JSON.parse(JSON.stringify(await decode(opened, value)))).toEqual(one);
      }),
    );
  });

  it.each([
    ['a missing field', { ...example, data: { connectionId: '7733' } }, 'data.connectionMandate: string expected'],
    ['another type', { ...example, sequence: 1 }, 'sequence: string expected'],
    ['a field that Avro would drop', { ...example, region: 'north' }, 'region: the schema has no such field'],
  ])('refuses %s and names the field', async (_, event, message) => {
    const { codec } = openCodec();
    await codec.prepareToEncode?.();
    expect(() => codec.encode(event)).toThrow(message);
  });

  it('reads records of older and newer schemas', async () => {
    const newer = { ...schema, fields: [...schema.fields, { name: 'region', type: 'string', default: '' }] };
    const older = { ...schema, fields: schema.fields.filter(({ name }: { name: string }) => name !== 'traceparent') };
    const opened = openCodec({ 7: schema, 8: newer, 9: older });
    for (const [id, by] of [
      [8, newer],
      [9, older],
    ] as const) {
      const event = await decode(opened, frame(id, encoded({ ...example, region: 'north' }, by)));
      const value = Buffer.from(JSON.stringify(event));
      expect(parseConnectionMandate({ value, timestamp: 0 }).data).toEqual(example.data);
    }
  });

  it.each([
    ['a foreign first byte', Buffer.concat([Buffer.of(1), frame(7, encoded(example)).subarray(1)]), 'wire format'],
    ['JSON', Buffer.from(JSON.stringify(example)), 'wire format'],
    ['less than a header', Buffer.alloc(4), 'wire format'],
    ['an id that the registry does not have', frame(99, encoded(example)), 'no schema with the id 99'],
    ['an id that no registry gives', frame(0xffff_ffff, encoded(example)), 'is no id of a schema'],
    ['a truncated body', frame(7, encoded(example).subarray(0, -1)), 'truncated buffer'],
    ['bytes behind the body', frame(7, Buffer.concat([encoded(example), Buffer.alloc(1)])), 'trailing data'],
  ])('refuses %s with the reason', async (_, value, reason) => {
    await expect(decode(openCodec(), value)).rejects.toThrow(reason);
  });

  it('refuses a schema of another event, and one that is not Avro', async () => {
    const other = { type: 'record', name: 'Other', fields: [{ name: 'a', type: 'string' }] };
    await expect(decode(openCodec({ 8: other }), frame(8, encoded({ a: 'b' }, other)))).rejects.toThrow(
      'not this event',
    );
    await expect(decode(openCodec({ 8: schema }, 'JSON'), frame(8, encoded(example)))).rejects.toThrow('is JSON');
  });

  it('refuses any bytes with an Error, and never hangs', async () => {
    const opened = openCodec();
    const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => frame(7, Buffer.from(bytes)));
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        const event = await decode(opened, value).catch((error: unknown) => error);
        expect(event instanceof Error || typeof event === 'object').toBe(true);
      }),
    );
  });

  it('reads each schema once, and while the registry is down only schemas that it knows', async () => {
    const opened = openCodec({ 7: schema });
    const { codec, state, schemas } = opened;
    const value = frame(7, encoded(example));
    await decode(opened, value);
    await codec.prepareToEncode?.();
    state.isDown = true;
    const before = state.requests;
    await decode(opened, value);
    await codec.prepareToEncode?.();
    expect(state.requests).toBe(before);
    await expect(codec.prepareToDecode?.([frame(8, Buffer.alloc(0))])).rejects.toThrow('does not answer');
    await expect(codec.check?.()).rejects.toThrow('does not answer');
    state.isDown = false;
    schemas[8] = schema;
    expect(await decode(opened, frame(8, encoded(example)))).toMatchObject(example);
    await codec.check?.();
  });

  it('waits for a schema that is not registered, with the command that registers it', async () => {
    const { codec, schemas } = openCodec({});
    await expect(codec.prepareToEncode?.()).rejects.toThrow('npm run schemas -- register');
    schemas[7] = schema;
    await codec.prepareToEncode?.();
    expect(codec.encode(example).readUInt32BE(1)).toBe(7);
  });
});
