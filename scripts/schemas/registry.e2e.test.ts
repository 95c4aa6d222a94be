import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRegistry } from '../../contracts/schema-registry.ts';
import { programWords, startProgram } from '../../tests/platform-process.ts';
import { ports, stackEnvironment } from '../../tests/stack/ports.ts';
import { isStackReady, stackFolder, startPart, stopPart } from '../../tests/stack/stack.ts';
import { registerSchemas } from './register.ts';
import { listSchemas, readSchema } from './schema-files.ts';

const url = `http://127.0.0.1:${ports.schemaRegistry}/apis/ccompat/v7`;
const registry = createRegistry(url);
const schemas = listSchemas('contracts/events');

type Avro = { fields: { name: string; type: unknown; default?: string }[] };
const avro = readSchema('contracts/events/connection-mandate-changed/schema.v1.avsc') as Avro;
const withField = { ...avro, fields: [...avro.fields, { name: 'region', type: 'string', default: '' }] };

const runSchemas = async (...args: string[]) => {
  const env = { ...stackEnvironment, SCHEMA_REGISTRY_URL: url };
  const command = startProgram('node', [...programWords('scripts/schemas.ts'), ...args], env);
  return { exitCode: await command.ended, output: command.output() };
};

describe.runIf(await isStackReady())('the schema registry of the stack', () => {
  beforeAll(async () => {
    await stopPart('schema-registry');
    rmSync(join(stackFolder, 'schema-registry'), { recursive: true, force: true });
    await startPart('schema-registry');
  });
  afterAll(() => stopPart('schema-registry'));

  it('has the schemas of all events from its start on, and registering them again changes no id', async () => {
    const [first, second] = [await registerSchemas(url, schemas), await registerSchemas(url, schemas)];
    expect(second).toEqual(first);
    for (const { subject, path } of first)
      expect((await registry.readLatest(subject))?.schema, subject).toEqual(readSchema(path));
  });

  it('keeps the ids of the schemas at a restart, because records contain them', async () => {
    const subject = `${randomUUID()}-value`;
    await registry.requireCompatibility(subject);
    const older = await registry.register(subject, 'AVRO', avro);
    const newer = await registry.register(subject, 'AVRO', withField);
    expect(newer).not.toBe(older);
    await stopPart('schema-registry');
    await startPart('schema-registry');
    expect(await registry.readLatest(subject)).toEqual({ kind: 'AVRO', schema: withField });
    expect(await registry.register(subject, 'AVRO', withField)).toBe(newer);
  });

  it('refuses a field without a default, with the name of the subject', async () => {
    const subject = `${randomUUID()}-value`;
    await registry.requireCompatibility(subject);
    await registry.register(subject, 'AVRO', avro);
    const incompatible = { ...avro, fields: [...avro.fields, { name: 'region', type: 'string' }] };
    await expect(registry.register(subject, 'AVRO', incompatible)).rejects.toThrow(`${subject} with 409`);
  });

  it('is compared by npm run schemas, which names the file and the field that only the registry has', async () => {
    expect(await runSchemas('register')).toMatchObject({ exitCode: 0 });
    expect(await runSchemas('check')).toEqual({ exitCode: 0, output: expect.stringContaining(`registry at ${url}`) });
    const subject = 'connection-mandates-avro-topic-value';
    await registry.register(subject, 'AVRO', withField);
    const { exitCode, output } = await runSchemas('check');
    expect(exitCode).toBe(1);
    expect(output).toContain('connection-mandate-changed/schema.v1.avsc: region was removed or renamed');
  });
});

it('a registry that is asked for must answer', async () => {
  const env = { ...stackEnvironment, SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1/apis/ccompat/v7' };
  const command = startProgram('node', [...programWords('scripts/schemas.ts'), 'check'], env);
  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('does not answer');
  expect(command.output()).toContain('npm run stack -- up schema-registry');
});
