import { describe, expect, it } from 'vitest';
import { maxRevision } from '../../../contracts/cloud-event.ts';
import { createMandateChangedEvent } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../../../contracts/topics.ts';
import { openEmbeddedPlatform } from '../../../packages/embedded/platform.ts';
import { noon } from '../../../tests/test-runtime.ts';
import { mandates } from '../materialise.ts';
import { compareSides } from './compare-sides.ts';
import { type EventLine, readEventsOfConnection } from './events-of-connection.ts';

const line = (revision: number | '', level: string): EventLine => ({
  topic: 't',
  partition: 0,
  offset: 0,
  time: '',
  revision,
  level,
});
const at = (level: string | undefined, revision?: number) => ({ level, revision, where: '' });

it('a log without events of a connection that the CRM has leads to the rebuild from the CRM', () =>
  expect(compareSides([], at('2'), at(undefined)).sentences).toEqual([
    expect.stringContaining('The CRM has 2'),
    expect.stringContaining('npm run rebuild -- --from-crm'),
  ]));

describe('log, CRM and view', () => {
  it.each([
    ['the highest revision counts, at any offset', [line(2, '1'), line(1, '2')], at('1'), at('1', 2)],
    ['unreadable records do not count', [line(1, '2'), line('', 'dead letter: not JSON')], at('2'), at('2', 1)],
    [
      'of payloads without a revision the last one counts, and of events and payloads the later one',
      [line(7, '0'), { ...line(0, '1'), offset: 1 }, { ...line(0, '2'), offset: 2 }],
      at('2'),
      at('2', 7),
    ],
    ['of one revision the lower level counts', [line(1, '2'), line(1, '0')], at('0'), at('0', 1)],
    [
      'a payload without a revision is ordered by its offset, among payloads and events',
      [line(5, '2'), { ...line(0, '2'), offset: 1 }, { ...line(0, '1'), offset: 2 }],
      at('1'),
      at('1', 5),
    ],
    [
      'a replayed record is ordered by the offset of the original',
      [line(0, '2'), { ...line(0, '1'), offset: 2 }, { ...line(0, '2'), offset: 3, replayOf: [0, 1] as const }],
      at('1'),
      at('1', 0),
    ],
    ['the log has lost its events, as after a rebuild from the CRM', [], at('2'), at('2', 7)],
    ['no customer and 0 permit the same', [line(1, '0')], at(undefined), at('0', 1)],
    ['no side knows the connection', [], at(undefined), at(undefined)],
  ])('agree: %s', (_, events, crm, view) => expect(compareSides(events, crm, view).agree).toBe(true));

  it.each([
    ['a view that is behind', [line(1, '1'), line(2, '2')], at('2'), at('1', 1), '/status shows the lag'],
    ['a view without the connection', [line(1, '2')], at('2'), at(undefined), 'npm run rebuild'],
    [
      'a view that refuses',
      [line(1, '0')],
      at('0'),
      { ...at(undefined), refusal: 'Events are missing.' },
      'Events are missing.',
    ],
    ['a CRM whose event is not in the log', [line(1, '2')], at('0'), at('2', 1), 'outbox'],
  ])('do not agree: %s', (_, events, crm, view, remedy) => {
    const { agree, sentences } = compareSides(events, crm, view);
    expect(agree).toBe(false);
    expect(sentences.join()).toContain(remedy);
  });
});

describe('a revision that the CRM never issued', () => {
  const crm = (revision: number | undefined, more: object = {}) => ({
    ...at('1', revision),
    connectionId: '7733',
    isUnknown: revision === undefined,
    isDurable: true,
    ...more,
  });
  const forged = { ...line(9, '1'), partition: 3, offset: 17 };
  const sentencesOf = (...args: Parameters<typeof compareSides>) => {
    const { agree, sentences } = compareSides(...args);
    expect(agree).toBe(false);
    return sentences.join(' ');
  };

  it('is reported with its place and the commands that help, although all levels agree', () => {
    const sentence = sentencesOf([line(5, '1'), forged, line(7, '1')], crm(5), at('1', 9));
    expect(sentence).toMatch('Revision 9, in partition 3 at offset 17, is higher than the last one of the CRM, 5');
    expect(sentence).toMatch('npm run republish -- 7733 --above 9');
    expect(sentence).toMatch('npm run rebuild -- --from-crm');
    expect(sentence).not.toMatch('memory');
  });

  it('is found in the view when the log no longer has it, and when the view refuses', () => {
    expect(sentencesOf([line(5, '1')], crm(5), at('1', 9))).toMatch(
      'Revision 9, in the view, not in the log, is higher than',
    );
    expect(sentencesOf([forged], crm(5), { ...at(undefined), refusal: 'Events are missing.' })).toMatch('--above 9');
  });

  it('does not suggest a republish when no higher revision is possible', () => {
    const sentence = sentencesOf([{ ...forged, revision: maxRevision }], crm(5), at('1', maxRevision));
    expect(sentence).toMatch('npm run rebuild -- --from-crm');
    expect(sentence).not.toMatch('republish');
  });

  it('was most likely lost by a CRM that keeps its data in memory', () => {
    const sentence = sentencesOf([forged], crm(5, { isDurable: false }), at('1', 9));
    expect(sentence).toMatch(/--above 9 publishes above it\. The CRM keeps its data in memory/);
    expect(sentence).not.toMatch('--from-crm');
  });

  it('is every revision of a connection that the CRM does not know', () => {
    expect(sentencesOf([forged], crm(undefined, { level: undefined }), at('1', 9))).toMatch(
      'The CRM has never issued a revision for 7733, but revision 9 is in partition 3 at offset 17. npm run rebuild -- --from-crm',
    );
    const forgotten = crm(undefined, { level: undefined, isDurable: false });
    expect(sentencesOf([forged], forgotten, at('1', 9))).toMatch(/Save its customer again.* memory/);
  });

  it('is not one that the CRM issued, and is unknown when an older release of the CRM does not report revisions', () => {
    expect(compareSides([line(5, '1')], crm(5), at('1', 5)).agree).toBe(true);
    expect(compareSides([line(5, '1')], crm(6), at('1', 5)).agree).toBe(true);
    expect(compareSides([forged], at('1'), at('1', 9)).agree).toBe(true);
  });
});

it('records of a connection are found by their content, or by their key when the content names no connection', async () => {
  const { eventBus, logReader } = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
  const event = (connectionId: string, connectionMandate: '0' | '1' | '2', revision: number) =>
    JSON.stringify(
      createMandateChangedEvent({ connectionId, connectionMandate }, { id: 'x', revision, time: new Date(noon) }),
    );
  const record = (key: string, value: string) => ({ id: key, key, value: Buffer.from(value) });
  await eventBus('crm').publish(mandates.topic.name, [
    record('7733', event('7733', '1', noon)),
    record('7', event('7', '2', noon)),
    record('', event('7733', '2', noon + 1)),
    record('7733', 'no JSON'),
    record('7', '{"connectionId":"7733","connectionMandate":"9"}'),
  ]);
  const lines = await readEventsOfConnection(logReader(), mandates, '7733');
  expect(lines.map(({ level, revision }) => [level, revision])).toEqual(
    expect.arrayContaining([
      ['1', noon],
      ['2', noon + 1],
      ['dead letter: not JSON', ''],
      [expect.stringMatching(/^dead letter: connectionMandate/), ''],
    ]),
  );
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatchObject({ topic: mandates.topic.name, time: new Date(noon).toISOString() });
});
