import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { checkReleased } from './check.ts';
import { listSchemas, subjectOf } from './schema-files.ts';

const working = 'contracts/events';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'schemas-'));
  cpSync(working, folder, { recursive: true });
});
const problems = () =>
  checkReleased(listSchemas(folder)).flatMap(({ path, problems }) => problems.map((one) => `${path}: ${one}`));

it('the schemas of the working tree are compatible with the released ones', () =>
  expect(checkReleased(listSchemas(working)).flatMap((one) => one.problems)).toEqual([]));

it('every schema has a released one, and a topic', () => {
  expect(checkReleased(listSchemas(working)).filter(({ isNew }) => isNew)).toEqual([]);
  expect(new Set(listSchemas(working).map(subjectOf)).size).toBe(listSchemas(working).length);
});

it('an incompatible change is reported with its file and field', () => {
  const file = join(folder, 'order-changed/schema.v1.json');
  const schema = JSON.parse(readFileSync(file, 'utf8'));
  delete schema.properties.data.properties.status;
  writeFileSync(file, JSON.stringify(schema));
  expect(problems()).toEqual([`${file}: data.status was removed or renamed: subscribers read this required field.`]);
});

it('a removed schema is reported', () => {
  rmSync(join(folder, 'greeting-posted/schema.v1.json'));
  expect(problems()).toEqual([expect.stringMatching(/greeting-posted\/schema\.v1\.json: the file was removed/)]);
});

it('a new schema is reported as new, and must be valid', () => {
  const file = join(folder, 'greeting-posted/schema.v1.avsc');
  writeFileSync(file, '{"type":"record","name":"GreetingPosted","fields":[]}');
  expect(checkReleased(listSchemas(folder)).find(({ path }) => path === file)).toMatchObject({
    isNew: true,
    problems: [],
  });
  writeFileSync(file, '{"type":"rekord"}');
  expect(problems()).toEqual([expect.stringMatching(/not an Avro schema.*rekord/)]);
});

it('a file that is not JSON is named', () => {
  const file = join(folder, 'greeting-posted/schema.v1.json');
  writeFileSync(file, '{');
  expect(problems).toThrow(`${file} is not JSON.`);
});
