import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../../tests/eventually.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { type Thing, things } from '../../../tests/things.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import type { Projection } from '../declaration.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import { createStores } from '../generations/index.ts';
import { startProjection } from '../projection.ts';
import { openView } from '../view.ts';
import {
  discardDeadLetters,
  keyOfDeadLetter,
  readDeadLetterStates,
  readDeadLetters,
  replayDeadLetters,
} from './index.ts';

/** Keys are numbers; the reason of a dead letter quotes the record. */
const people: Projection<Thing, Thing> = {
  ...things,
  topic: { ...things.topic, name: 'people-topic', isPersonal: true },
  parse: ({ value }) => {
    const person = JSON.parse(value.toString()) as Thing;
    if (person.key === undefined) throw new Error(`not a person: ${value}`);
    return person;
  },
  keyOfUnreadable: ({ key = '' }) => (/^\d+$/.test(key) ? key : undefined),
};

/** Publishes two unreadable records with a name, one of which has a name as its key as well. */
const start = async () => {
  const platform = openEmbeddedPlatform(':memory:', [people.topic, people.deadLetters]);
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line) => void lines.push(line) });
  const [bus, store] = [platform.eventBus('group'), platform.stateStore('primary')];
  const running = await startProjection(people, {
    ...createTestRuntime(),
    log,
    bus,
    store,
    topicLog: platform.logReader(),
  });
  onTestFinished(async () => {
    await running.close();
    platform.close();
  });
  const publish = (key: string, value: object) =>
    bus.publish(people.topic.name, [{ id: key, key, value: Buffer.from(JSON.stringify(value)) }]);
  await publish('7', { key: '7', n: 1 });
  await publish('7', { name: 'Quirine' });
  await publish('Quirine', { name: 'Quirine' });
  await eventually(() => expect(running.counts().setAside).toBe(2));
  const letters = await readDeadLetters(platform.logReader(), people);
  return { platform, store, lines, letters };
};

it('hold neither the value nor a key that names no document, and neither does the log', async () => {
  const { platform, lines, letters } = await start();
  const reason = expect.stringMatching(/^not a valid event; .* withheld, because the topic has personal data$/);
  expect(letters.map(({ data: { key, reason, withheld } }) => ({ key, reason, withheld }))).toEqual([
    { key: '7', reason, withheld: true },
    { key: '', reason, withheld: true },
  ]);
  const records: DeliveredRecord[] = [];
  const log = platform.logReader();
  const deadLetters = people.deadLetters.name;
  await log.read(deadLetters, await log.offsets(deadLetters), async (batch) => void records.push(...batch.records));
  const written = [...records.map(({ key, value }) => `${key} ${value}`), ...lines].join('\n');
  expect(written).toContain('people-topic');
  expect(written).not.toContain('Quirine');
});

it('are not replayed, because they would become tombstones', async () => {
  const { letters } = await start();
  const append = () => Promise.reject(new Error('nothing may be appended'));
  await expect(replayDeadLetters({ append }, [people.topic], letters)).rejects.toThrow(/does not hold the record/);
});

it('mark their document until they are discarded', async () => {
  const { store, letters } = await start();
  const view = openView<Thing>(people, store);
  const stores = createStores({ store });
  await expect(view.get('7')).rejects.toMatchObject({ code: 'record-dead-lettered' });
  expect([...(await readDeadLetterStates(people, stores, letters)).values()].sort()).toEqual(['names none', 'open']);
  const places = letters.map((letter) => {
    const { partition = -1, offset = -1 } = letter.data;
    return { partition, offset, key: keyOfDeadLetter(people, letter) };
  });
  await discardDeadLetters(people, stores, places);
  expect(await view.get('7')).toEqual({ key: '7', n: 1 });
});
