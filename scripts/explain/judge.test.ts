import { describe, expect, it } from 'vitest';
import { mandateChangedEvent } from '../../contracts/connection-mandate.ts';
import { topics } from '../../contracts/topics.ts';
import { mandates } from '../../iot-platform/mandates/materialise.ts';
import { openEmbeddedPlatform } from '../../lib/embedded/platform.ts';
import { noon } from '../../tests/test-world.ts';
import { type EventLine, eventsOfConnection } from './events-of-connection.ts';
import { judge } from './judge.ts';

const line = (revision: number | '', level: string): EventLine => ({
  topic: 't',
  partition: 0,
  offset: 0,
  time: '',
  revision,
  level,
});
const at = (level: string | undefined, revision?: number) => ({ level, revision, where: '' });

describe('log, CRM and view', () => {
  it.each([
    ['the last revision counts, wherever it lies', [line(2, '1'), line(1, '2')], at('1'), at('1', 2)],
    ['what was set aside does not count', [line(1, '2'), line('', 'set aside: not JSON')], at('2'), at('2', 1)],
    ['of one revision the lower level counts', [line(1, '2'), line(1, '0')], at('0'), at('0', 1)],
    ['no customer and 0 permit the same', [line(1, '0')], at(undefined), at('0', 1)],
    ['nothing is known anywhere', [], at(undefined), at(undefined)],
  ])('agree: %s', (_, events, crm, view) => expect(judge(events, crm, view).agree).toBe(true));

  it.each([
    ['a view that is behind', [line(1, '1'), line(2, '2')], at('2'), at('1', 1), '/status tells the lag'],
    ['a view without the connection', [line(1, '2')], at('2'), at(undefined), 'npm run rebuild'],
    [
      'a view that answers nobody',
      [line(1, '0')],
      at('0'),
      { ...at(undefined), refusal: 'Events are missing.' },
      'Events are missing.',
    ],
    ['a CRM whose event is not in the log', [line(1, '2')], at('0'), at('2', 1), 'outbox'],
  ])('do not agree: %s', (_, events, crm, view, remedy) => {
    const { agree, sentences } = judge(events, crm, view);
    expect(agree).toBe(false);
    expect(sentences.join()).toContain(remedy);
  });
});

it('the events of a connection are found by what they say, or by their key where they say nothing', async () => {
  const { eventBus, logReader } = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
  const event = (connectionId: string, connectionMandate: '0' | '1' | '2', revision: number) =>
    JSON.stringify(
      mandateChangedEvent({ connectionId, connectionMandate }, { id: 'x', revision, time: new Date(noon) }),
    );
  const record = (key: string, value: string) => ({ id: key, key, value });
  await eventBus('crm').publish(mandates.topic.name, [
    record('7733', event('7733', '1', noon)),
    record('7', event('7', '2', noon)),
    record('', event('7733', '2', noon + 1)),
    record('7733', 'no JSON'),
  ]);
  const lines = await eventsOfConnection(logReader(), mandates, '7733');
  expect(lines.map(({ level, revision }) => [level, revision])).toEqual(
    expect.arrayContaining([
      ['1', noon],
      ['2', noon + 1],
      ['set aside: not JSON', ''],
    ]),
  );
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatchObject({ topic: mandates.topic.name, time: new Date(noon).toISOString() });
});
