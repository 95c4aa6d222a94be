import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import { openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import { registerView } from '../../packages/platform/views.ts';
import { startProjection } from '../../packages/projections/projection.ts';
import { eventually } from '../../tests/eventually.ts';
import { dataFolder } from '../../tests/platform-process.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { type Thing, things } from '../../tests/things.ts';
import { iotPlatform, type ServiceView } from '../views.ts';
import { deadLetters } from './dead-letters.ts';

const people: typeof things = {
  ...things,
  topic: { ...topics.customers, partitions: 1 },
  deadLetters: topics.customers.deadLetters,
  keyOfUnreadable: ({ key = '' }) => (/^\d+$/.test(key) ? key : undefined),
};
const id = `${people.topic.name}/0/0`;

const start = async () => {
  const DATA_DIR = dataFolder();
  const platform = openEmbeddedPlatform(join(DATA_DIR, 'platform.sqlite'), [people.topic, people.deadLetters]);
  const [bus, store] = [platform.eventBus('group'), platform.stateStore('statestore')];
  const running = await startProjection(people, { ...createTestRuntime(), bus, store, topicLog: platform.logReader() });
  onTestFinished(async () => {
    await running.close();
    platform.close();
  });
  const value = Buffer.from('Quirine');
  await bus.publish(people.topic.name, [{ id: '1', key: '7', value }]);
  await eventually(() => expect(running.counts().setAside).toBe(1));
  const view = registerView<Thing, Thing>({
    projection: people,
    toDisplayValue: (thing) => String(thing?.n),
    keyName: 'customerId',
    keyPrefix: '',
  });
  const service = { ...iotPlatform, topics: [people.topic, people.deadLetters] };
  const views: ServiceView[] = [{ ...view, service }];
  const run = async (...args: string[]) => {
    const lines: string[] = [];
    await deadLetters([...args, '--view', people.name, '--embedded'], {
      views,
      env: { DATA_DIR },
      print: (line) => lines.push(line),
    });
    return lines.join('\n');
  };
  const recordsInLog = async () => (await platform.logReader().offsets(people.topic.name))[0]?.end;
  return { run, recordsInLog };
};

it('shows a dead letter of a topic with personal data without its record', async () => {
  const { run } = await start();
  const shown = [await run('list'), await run('show', id)].join('\n');
  expect(shown).toMatch(/7 +7 +open +not a valid event; what it holds is withheld/);
  expect(shown).toContain('"withheld": true');
  expect(shown).not.toContain('Quirine');
});

it('refuses to replay it, says how to repair its document, and can discard it', async () => {
  const { run, recordsInLog } = await start();
  for (const chosen of [id, '--all'])
    await expect(run('replay', chosen)).rejects.toThrow(
      'Nothing was replayed. Let the CRM publish its state again: npm run republish -- --customer 7. Or discard the dead letter.',
    );
  expect(await recordsInLog()).toBe(1);
  expect(await run('discard', id)).toBe('1 discarded.');
  expect(await run('list')).toContain('discarded');
});
