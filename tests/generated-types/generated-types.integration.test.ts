import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireProgram } from '../../scripts/stack/find-program.ts';
import { runCommand } from '../../scripts/stack/run-command.ts';
import { dataFolder, root } from '../platform-process.ts';
import { fetchPythonPackages } from '../python-packages.ts';
import { generateTypes, type Language } from './generate-types.ts';
import { renderGoReader, renderPythonReader } from './readers.ts';

const eventsFolder = join(root, 'contracts/events');
const events = readdirSync(eventsFolder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name: folder }) => ({
    folder,
    name: folder.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    packageName: folder.replaceAll('-', ''),
    module: folder.replaceAll('-', '_'),
    schema: readFileSync(join(eventsFolder, folder, 'schema.v1.json'), 'utf8'),
  }));

/** What a subscriber reads of each example: the event, or the data alone where the lab's CRM published it. */
const examples = events.flatMap(({ folder, schema }) =>
  readdirSync(join(eventsFolder, folder, 'examples')).map((file) => {
    const example = JSON.parse(readFileSync(join(eventsFolder, folder, 'examples', file), 'utf8'));
    const isEvent = example.type === JSON.parse(schema).properties.type.const;
    const content = isEvent || !('specversion' in example) ? example : JSON.parse(example.data);
    return { folder, file, kind: isEvent ? 'event' : 'data', content };
  }),
);

/** An event of a later version may have further fields. */
const withFurtherFields = examples.map((example) => ({
  ...example,
  content: {
    ...example.content,
    later: { a: [1] },
    ...(example.kind === 'event' && { data: { ...example.content.data, later: 1 } }),
  },
}));

/** Languages write times in different ways, and may leave out what is null. */
const normalize = (json: string): unknown =>
  JSON.parse(json, (_, value) => {
    if (typeof value === 'string' && /^\d{4}-\d\d-\d\d(T|$)/.test(value)) return new Date(value).toISOString();
    return value === null ? undefined : value;
  });

const writeTypes = async (language: Language, pathOf: (event: (typeof events)[number]) => string) => {
  const folder = dataFolder();
  for (const event of events) {
    const path = join(folder, pathOf(event));
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, await generateTypes(language, event));
  }
  writeFileSync(join(folder, 'examples.json'), JSON.stringify([...examples, ...withFurtherFields]));
  return folder;
};

const expectAllRead = (output: string) => {
  const expected = [...examples, ...examples].map(({ content }) => normalize(JSON.stringify(content)));
  expect(output.trim().split('\n').map(normalize)).toEqual(expected);
};

/** Without CI the tests of a language are skipped where it is missing. */
const orSkip = async <T>(prepared: Promise<T>): Promise<T | undefined> =>
  prepared.catch((error: Error) => {
    if (process.env.CI) throw error;
    console.log(`skipped: the generated types. ${error.message}`);
    return undefined;
  });

it('there are examples of each event, and of what the lab’s CRM publishes', () => {
  expect(new Set(examples.map(({ folder }) => folder)).size).toBe(events.length);
  expect(examples.filter(({ kind }) => kind === 'data').map(({ content }) => content)).toEqual(
    Array(2).fill({ connectionId: '4617', connectionMandate: '1' }),
  );
});

const requirements = join(import.meta.dirname, 'requirements.txt');
const python = await orSkip(fetchPythonPackages('mypy', requirements, (line) => console.log(line)));
describe.skipIf(!python)('types in Python', () => {
  it('pass mypy, and read every example and further fields', async () => {
    const folder = await writeTypes('python', ({ module }) => `${module}.py`);
    writeFileSync(join(folder, 'read_examples.py'), renderPythonReader(events));
    const { program, env } = python as NonNullable<typeof python>;
    const options = { cwd: folder, env };
    expect(await runCommand(program, ['-m', 'mypy', '.'], options)).toContain('Success');
    expectAllRead(await runCommand(program, ['read_examples.py'], options));
  });
});

const go = await orSkip(requireProgram('go', 'install Go 1.21 or later (https://go.dev/doc/install).'));
describe.skipIf(!go)('types in Go', () => {
  it('compile, and read every example and further fields', async () => {
    const folder = await writeTypes('go', ({ packageName }) => `${packageName}/event.go`);
    writeFileSync(join(folder, 'go.mod'), 'module subscriber\n\ngo 1.21\n');
    writeFileSync(join(folder, 'main.go'), renderGoReader(events));
    const env = { GOTOOLCHAIN: 'local', CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
    const options = { cwd: folder, env };
    await runCommand(String(go), ['vet', './...'], options);
    expectAllRead(await runCommand(String(go), ['run', '.'], options));
  });
});
