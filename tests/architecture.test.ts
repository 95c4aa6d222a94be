import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const folders = ['contracts', 'packages', 'crm', 'iot-platform'];
const services = ['crm', 'iot-platform'];

type Source = { file: string; text: string; imports: string[] };

const sources: Source[] = folders
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => /\.(ts|js)$/.test(file) && !/\.(test|contract)\.ts$/.test(file))
  .map((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const imports = [...text.matchAll(/(?:from|import)\s*\(?'([^']+)'/g)].map(([, name]) => {
      const path = String(name);
      return path.startsWith('.') ? normalize(join(dirname(file), path)) : path;
    });
    return { file, text, imports };
  });

const violations = (isWrong: (source: Source) => boolean | string | undefined) =>
  sources.filter(isWrong).map(({ file }) => relative('.', file));
const importing = (file: string, target: RegExp) => (source: Source) =>
  source.file.startsWith(file) && source.imports.find((name) => target.test(name));
/** A command puts together what it uses, as a service's main.ts does. */
const isCommand = (file: string) => services.some((s) => file.startsWith(`${s}/cli/`));
const sliceOf = (file: string) =>
  services.find((s) => file.startsWith(`${s}/`)) && file.split('/').length > 2 && file.split('/').slice(0, 2).join('/');

it('looks at the sources', () => expect(sources.length).toBeGreaterThan(30));

it('contracts import nothing of ours', () =>
  expect(violations(importing('contracts/', /^(packages|crm|iot-platform)\//))).toEqual([]));

it('plumbing knows no service and no contract', () =>
  expect(violations(importing('packages/', /^(contracts|crm|iot-platform)\//))).toEqual([]));

it('services do not know each other', () =>
  expect([
    ...violations(importing('crm/', /^iot-platform\//)),
    ...violations(importing('iot-platform/', /^crm\//)),
  ]).toEqual([]));

it('plumbing has no domain word', () =>
  expect(
    violations(({ file, text }) => file.startsWith('packages/') && /customer|mandate|\bmeter/i.test(text)),
  ).toEqual([]));

it('slices do not import each other, but imports of customers the customers, nor the app that is made of them', () => {
  const plumbing = /^crm\/(database|idempotency|outbox)\//;
  const wrong = ({ file, imports }: Source) => {
    const own = sliceOf(file);
    return (
      own &&
      !isCommand(file) &&
      imports.some(
        (name) =>
          services.some((s) => name.startsWith(`${s}/`)) &&
          !name.startsWith(`${own}/`) &&
          !plumbing.test(name) &&
          !(own === 'crm/imports' && name.startsWith('crm/customers/')),
      )
    );
  };
  expect(violations(wrong)).toEqual([]);
});

it('a slice’s rules import contracts alone', () => {
  const rules = ['crm/customers/customer.ts', 'iot-platform/mandates/mandate.ts'];
  const wrong = ({ file, imports }: Source) =>
    rules.includes(file) && imports.some((name) => !/^(zod$|contracts\/)/.test(name));
  expect(violations(wrong)).toEqual([]);
  expect(sources.filter(({ file }) => rules.includes(file))).toHaveLength(rules.length);
});

it('environment, clock and random ids enter where a service is put together', () => {
  const entering = /process\.env|\bDate\.now\b|new Date\(\)|\brandomUUID\b/;
  const allowed = [
    'crm/main.ts',
    'iot-platform/main.ts',
    'packages/runtime/world.ts',
    'packages/embedded/platform.ts',
    'packages/platform/open-adapters.ts',
  ];
  expect(violations(({ file, text }) => !allowed.includes(file) && !isCommand(file) && entering.test(text))).toEqual(
    [],
  );
});

it('SQLite is known to its file and its thread, MySQL and Redis to one file each, Dapr and Kafka to one folder each', () => {
  const sqlite = ['packages/database/sqlite.ts', 'packages/database/threads/sqlite-thread.js'];
  const wrong = ({ file, imports }: Source) =>
    (imports.includes('libsql') && !sqlite.includes(file)) ||
    (imports.includes('mysql2') && file !== 'packages/database/mysql.ts') ||
    (imports.includes('redis') && file !== 'packages/dapr/redis-eviction.ts') ||
    (imports.includes('kafkajs') && !file.startsWith('packages/kafka/')) ||
    (imports.some((name) => name.startsWith('packages/kafka/')) && !/^packages\/(dapr|kafka|platform)\//.test(file)) ||
    (imports.some((name) => name.startsWith('packages/dapr/')) &&
      !/^packages\/(dapr|platform)\/|^iot-platform\/main/.test(file));
  expect(violations(wrong)).toEqual([]);
});

it('no file is longer than 200 lines', () =>
  expect(violations(({ text }) => text.split('\n').length > 200)).toEqual([]));
