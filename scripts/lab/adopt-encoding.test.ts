import { expect, it } from 'vitest';
import { adoptEncoding, adoptEncodingOfComponents } from './adopt-encoding.ts';

const adopt = (env: NodeJS.ProcessEnv) => {
  adoptEncodingOfComponents(env);
  return env;
};
const RESOURCES_PATH = 'dapr-components/variants/avro';
const SCHEMA_REGISTRY_URL = 'http://localhost:8081/apis/ccompat/v7';

it('a folder of components with a schema registry selects Avro and that registry', () => {
  expect(adopt({ RESOURCES_PATH })).toEqual({ RESOURCES_PATH, MANDATES_ENCODING: 'avro', SCHEMA_REGISTRY_URL });
  expect(adopt({})).toEqual({});
});

it('variables that are set stay', async () => {
  const json = { RESOURCES_PATH, MANDATES_ENCODING: 'json' };
  expect(adopt({ ...json })).toEqual(json);
  const avro = { RESOURCES_PATH, MANDATES_ENCODING: 'avro' };
  expect(adopt({ ...avro })).toEqual({ ...avro, SCHEMA_REGISTRY_URL });
  const other = { RESOURCES_PATH, SCHEMA_REGISTRY_URL: 'http://other' };
  expect(adopt({ ...other })).toEqual({ ...other, MANDATES_ENCODING: 'avro' });
  const embedded = { RESOURCES_PATH };
  await adoptEncoding(embedded, ['--embedded']);
  expect(embedded).toEqual({ RESOURCES_PATH });
});
