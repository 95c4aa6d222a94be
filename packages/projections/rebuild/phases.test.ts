import { expect, it } from 'vitest';
import { expiredAtOnce, killedAt, rebuildsOf } from '../../../tests/rebuild-of-things.ts';
import { things } from '../../../tests/things.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { type Pointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import { phases } from './phases.ts';
import { abandon, rebuild } from './rebuild.ts';

const nextToLive = { inPlace: false, acceptDifferences: true };

/** A log of three events, with a rebuild that was killed in this phase. */
const killedIn = async (phase: Rebuild['phase']) => {
  for (let writes = 1; writes < 30; writes++) {
    const platform = openEmbeddedPlatform(':memory:', [things.topic, things.deadLetters]);
    const events = [1, 2, 3].map((n) => ({
      id: `${n}`,
      key: `K${n}`,
      value: Buffer.from(JSON.stringify({ key: `K${n}`, n })),
    }));
    await platform.eventBus('bus').publish(things.topic.name, events);
    const { context, reported } = rebuildsOf(platform, { recheckAfterMs: 0 });
    await rebuild(context(killedAt(phase === 'abandoned' ? 2 : writes)), nextToLive).catch(() => {});
    if (phase === 'abandoned') await abandon(context(killedAt(writes), expiredAtOnce)).catch(() => {});
    const pointer = () => readPointer(platform.stateStore('primary'), things.name);
    reported.splice(0);
    if ((await pointer()).rebuild?.phase === phase) {
      const read: number[] = [];
      const { log, ...rest } = context(undefined, expiredAtOnce);
      const watched: typeof log.read = (topic, ranges, handle, signal) => {
        read.push(ranges.reduce((sum, { begin, end }) => sum + end - begin, 0));
        return log.read(topic, ranges, handle, signal);
      };
      return { context: { ...rest, log: { ...log, read: watched } }, pointer, reported, read };
    }
  }
  throw new Error(`no rebuild was ever in the phase ${phase}`);
};

it.each<[Rebuild['phase'], { reports: string[]; reads: number[] }]>([
  [
    'replaying',
    {
      reports: [
        'Continuing with Generation 2 in primary, which has replayed 0 of 0 events.',
        'From now on every change is written into it as well.',
      ],
      // The events of the log, none since, and all again for the comparison.
      reads: [3, 0, 3],
    },
  ],
  [
    'joined',
    { reports: ['Continuing with Generation 2 in primary, which has replayed 3 of 3 events.'], reads: [0, 3] },
  ],
  ['filled', { reports: ['Continuing with Generation 2 in primary, which is filled.'], reads: [3] }],
])('a rebuild that was killed in the phase %s continues there and switches', async (phase, { reports, reads }) => {
  const { context, pointer, reported, read } = await killedIn(phase);
  expect(await rebuild(context, nextToLive)).toMatchObject({ switched: true, generation: { number: 2 } });
  expect(reported).toEqual(reports);
  expect(read).toEqual(reads);
  expect(await pointer()).toEqual({ answering: { number: 2 }, lastNumber: 2, previous: [{ number: 1 }] });
});

it('a rebuild that was killed in the phase abandoned can only be removed', async () => {
  const { context, pointer } = await killedIn('abandoned');
  await expect(rebuild(context, nextToLive)).rejects.toThrow('was given up and is removed in part');
  expect(await abandon(context)).toEqual({ number: 2 });
  expect(await pointer()).toEqual({ answering: { number: 1 }, lastNumber: 2, previous: [] });
});

it.each<[Rebuild['phase'], boolean, Partial<Pointer>]>([
  ['replaying', false, { rebuild: { phase: 'joined' } as Rebuild }],
  ['joined', false, { rebuild: { phase: 'filled' } as Rebuild }],
  ['filled', false, { answering: { number: 3 }, previous: [{ number: 1 }, { number: 2 }] }],
  // The old generation is deleted.
  ['filled', true, { answering: { number: 3 }, previous: [] }],
  ['abandoned', false, { answering: { number: 2 }, previous: [{ number: 1 }] }],
])('the end of the phase %s (in place: %s) stores the next phase in the pointer', (phase, inPlace, next) => {
  const unfinished = { phase, inPlace, into: { number: 3 } } as Rebuild;
  const held = { answering: { number: 2 }, lastNumber: 3, previous: [{ number: 1 }], rebuild: unfinished };
  const recorded = phases[phase].record({ ...held, unready: true });
  expect(recorded).toMatchObject({ lastNumber: 3, ...next });
  expect('rebuild' in recorded).toBe('rebuild' in next);
  if (phase === 'filled') expect(recorded).not.toHaveProperty('unready');
});
