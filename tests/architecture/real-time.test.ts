import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isTest, readSources, type Source, sourceOf } from './sources.ts';

/** Matches code that reads a clock to measure, or waits for a fixed time. It allows the clock as a value, as in `now: Date.now`. */
const realTime =
  /\bperformance\.now\(|\bhrtime\b|\bmonitorEventLoopDelay\b|\bsetTimeout\b|Date\.now\(\)\s*[-<>]\s*[a-zA-Z]|[-<>]\s*Date\.now\(\)/;

/** A test with fake timers controls the time, so it is allowed. */
const usesRealTime = ({ file, text }: Source) =>
  isTest(file) && !file.startsWith('tests/chaos') && realTime.test(text) && !text.includes('vi.useFakeTimers(');

/** The reasons why these files need real time. Each has a comment there, and a slow machine must not make it fail. */
const reasons = {
  'tests/changes.ts': 'pauses before it sends again what was not acknowledged',
  'tests/fake-clock.integration.test.ts': 'tests the fake clock of processes against the real one',
  'tests/held-locks.integration.test.ts': 'real processes have to answer sooner than SQLite would wait for a lock',
  'tests/lost-relay.e2e.test.ts': 'reads by how many hours the clock of the database is ahead',
  'tests/outages.e2e.test.ts': 'keeps a broker, and a store, unavailable for a minute of real sidecars',
  'tests/platform-process.ts': 'polls the output of a process',
  'tests/rebuild.e2e.test.ts': 'sets the pace of queries to real processes',
  'tests/stack/dapr-lab.ts': 'polls a service until it answers',
  'tests/stack/stack.ts': 'polls for the outcome of the set-up',
};

const folders = ['packages', 'contracts', 'crm', 'iot-platform', 'customer-view', 'scripts', 'bench', 'tests'];
const sources = readSources(join(import.meta.dirname, '../..'), folders).filter(
  ({ file }) => file !== 'tests/architecture/real-time.test.ts',
);
const filesOf = (found: readonly Source[]) => found.map(({ file }) => file).sort();

it('no other test measures real time, or waits for a fixed time', () =>
  expect(filesOf(sources.filter(usesRealTime))).toEqual(Object.keys(reasons)));

it('all tests wait with the limit of tests/eventually.ts', () =>
  expect(filesOf(sources.filter(({ text }) => /\bvi\.wait(For|Until)\(/.test(text)))).toEqual(['tests/eventually.ts']));

it.each([
  'expect(performance.now() - began).toBeLessThan(900)',
  'const ms = Date.now() - since',
  'while (Date.now() < until)',
  "import { setTimeout as delay } from 'node:timers/promises'",
  'await new Promise((resolve) => setTimeout(resolve, 100))',
])('finds %s', (text) => {
  expect(usesRealTime(sourceOf('crm/a.test.ts', text))).toBe(true);
  expect(usesRealTime(sourceOf('crm/a.ts', text))).toBe(false);
});

it.each([
  'const runtime = { now: Date.now }',
  'const yesterday = Date.now() - 86_400_000',
  'vi.useFakeTimers(); setTimeout(f, 5)',
])('allows %s', (text) => expect(usesRealTime(sourceOf('crm/a.test.ts', text))).toBe(false));
