import type { Resolver, Type } from 'avsc';
import type { Codec } from './codec.ts';
import type { Registry } from './schema-registry.ts';

type AvroCodecSettings = {
  readonly registry: Registry;
  /** The subject under which the schema is registered, such as orders-topic-value. */
  readonly subject: string;
  /** The Avro schema of this release: events are written with it, and read into it. */
  readonly schema: object;
};

/** How to read a record: the resolver from the schema of its writer, or why it can never be read. */
type Reading = Resolver | Error;

/** A record in Confluent's wire format begins with a zero byte and the id of the writer's schema in four bytes. */
const magicByte = 0;
const headerBytes = 5;
const highestId = 0x7fff_ffff;

const requestsAtOnce = 16;

/**
 * Avro in Confluent's wire format. Encoding needs the id of the schema, decoding the schemas of the writers; both are read from the
 * registry once, because a registry never gives an id to another schema.
 */
export const createAvroCodec = ({ registry, subject, schema }: AvroCodecSettings): Codec => {
  /** By the id of the writer's schema. An id that the registry does not have is asked for with each batch: it may be registered by then. */
  const readings = new Map<number, Reading>();
  let own: Type | undefined;
  let ownId: number | undefined;
  let failure: Error | undefined;

  const loadType = async (): Promise<Type> => {
    own ??= (await loadAvsc()).Type.forSchema(schema as never);
    return own;
  };

  const prepareToEncode = async () => {
    await loadType();
    ownId ??= await registry.findId(subject, schema);
    if (ownId === undefined)
      throw new Error(
        `The schema registry does not have the Avro schema of this release under ${subject}: npm run schemas -- register`,
      );
  };

  const loadReading = async (id: number) => {
    const found = await registry.readById(id);
    if (found) readings.set(id, await createReading(id, found, await loadType()));
  };

  const prepareToDecode = async (values: readonly Buffer[]) => {
    await loadType();
    const ids = new Set(values.map(readId).filter((id): id is number => typeof id === 'number'));
    const missing = [...ids].filter((id) => !readings.has(id));
    if (missing.length === 0) return;
    while (missing.length > 0) await Promise.all(missing.splice(0, requestsAtOnce).map(loadReading));
    failure = undefined;
  };

  return {
    contentType: 'avro/binary',
    prepareToEncode,
    prepareToDecode: (values) =>
      prepareToDecode(values).catch((error: Error) => {
        failure = error;
        throw error;
      }),
    check: async () => {
      await prepareToEncode();
      if (failure) throw failure;
    },
    encode: (event) => {
      if (!own || ownId === undefined) throw new Error('encode was called before prepareToEncode');
      refuseInvalid(own, event);
      const header = Buffer.alloc(headerBytes);
      header.writeUInt32BE(ownId, 1);
      return Buffer.concat([header, own.toBuffer(event)]);
    },
    decode: (value) => {
      const id = readId(value);
      if (typeof id !== 'number') throw id;
      const reading = readings.get(id);
      if (reading instanceof Error) throw reading;
      if (!reading || !own) throw new Error(`not readable: the schema registry has no schema with the id ${id}`);
      return own.fromBuffer(value.subarray(headerBytes), reading);
    },
  };
};

/** The id of the writer's schema, or why the value has none. */
const readId = (value: Buffer): number | Error => {
  if (value.length < headerBytes || value[0] !== magicByte)
    return new Error('not Avro with the id of a schema (Confluent’s wire format)');
  const id = value.readUInt32BE(1);
  return id > highestId ? new Error(`not Avro: ${id} is no id of a schema`) : id;
};

const createReading = async (
  id: number,
  { kind, schema }: { readonly kind: string; readonly schema: unknown },
  own: Type,
): Promise<Reading> => {
  const { Type } = await loadAvsc();
  if (kind !== 'AVRO') return new Error(`not Avro: the schema with the id ${id} is ${kind}`);
  try {
    return own.createResolver(Type.forSchema(schema as never));
  } catch (error) {
    return new Error(
      `not this event: the schema with the id ${id} cannot be read as ours: ${(error as Error).message}`,
    );
  }
};

/** @throws Error that names the field: one of another type, a missing one, or one that the schema does not have and Avro would drop */
const refuseInvalid = (type: Type, event: object): void => {
  type.isValid(event, {
    noUndeclaredFields: true,
    errorHook: (path, value, expected) => {
      const names = (expected as { fields?: readonly { name: string }[] }).fields?.map(({ name }) => name) ?? [];
      const undeclared = Object.keys(Object(value)).find((name) => names.length > 0 && !names.includes(name));
      const field = [...path, ...(undeclared === undefined ? [] : [undeclared])].join('.');
      const reason = undeclared === undefined ? `${expected.typeName} expected` : 'the schema has no such field';
      throw new Error(`${field || 'the event'}: ${reason}`);
    },
  });
};

const loadAvsc = async () => {
  try {
    return (await import('avsc')).default;
  } catch (error) {
    throw new Error(
      `MANDATES_ENCODING=avro needs the package avsc, which cannot be loaded (${(error as Error).message}). Install it: node scripts/install.mjs --omit=dev --include=peer`,
    );
  }
};
