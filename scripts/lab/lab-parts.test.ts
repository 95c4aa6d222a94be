import { expect, it } from 'vitest';
import { defaultPartNames } from '../stack/parts.ts';
import { describeMissingRegistry, listLabParts } from './lab-parts.ts';

const MANDATES_ENCODING = 'avro';
const elsewhere = { MANDATES_ENCODING, SCHEMA_REGISTRY_URL: 'http://registry.example:8081/apis/ccompat/v7' };

it('a lab with the mandates in Avro starts the schema registry, unless it uses another one', () => {
  const withRegistry = [...defaultPartNames, 'schema-registry'];
  const own = 'http://localhost:8081/apis/ccompat/v7';
  expect(listLabParts({})).toEqual(defaultPartNames);
  expect(listLabParts({ MANDATES_ENCODING: 'json', SCHEMA_REGISTRY_URL: own })).toEqual(defaultPartNames);
  expect(listLabParts({ MANDATES_ENCODING })).toEqual(withRegistry);
  expect(listLabParts({ MANDATES_ENCODING, SCHEMA_REGISTRY_URL: own })).toEqual(withRegistry);
  expect(listLabParts({ MANDATES_ENCODING, SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081/api' })).toEqual(withRegistry);
  expect(listLabParts(elsewhere)).toEqual(defaultPartNames);
  expect(listLabParts({ ...elsewhere, SCHEMA_REGISTRY_URL: 'http://localhost:9000/api' })).toEqual(defaultPartNames);
});

it('a schema registry that is needed and does not answer is named', async () => {
  const SCHEMA_REGISTRY_URL = 'http://127.0.0.1:1/apis/ccompat/v7';
  expect(await describeMissingRegistry({ MANDATES_ENCODING, SCHEMA_REGISTRY_URL })).toBe(
    `The schema registry at ${SCHEMA_REGISTRY_URL} does not answer: the mandates wait in the outbox of the CRM until it does.`,
  );
  expect(await describeMissingRegistry({ MANDATES_ENCODING: 'json', SCHEMA_REGISTRY_URL })).toBeUndefined();
});
