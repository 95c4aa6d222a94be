import { expect, it } from 'vitest';
import { expiredAtOnce, killedAt, rebuildsOf } from '../../../tests/rebuild-of-things.ts';
import { things } from '../../../tests/things.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { type Pointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import { phases } from './phases.ts';
import { abandon, rebuild } from './rebuild.ts';

const beside = { inPlace: false, acceptDifferences: true };

/** A log of three events, with a rebuild that was killed when the ledger had come to this phase. */
const killedIn = async (phase: Rebuild['phase']) => {
  for (let writes = 1; writes < 30; writes++) {
    const platform = openEmbeddedPlatform(':memory:', [things.topic, things.deadLetters]);
    const events = [1, 2, 3].map((n) => ({
      id: `${n}`,
      key: `K${n}`,
      value: Buffer.from(JSON.stringify({ key: `K${n}`, n })),
    }));
    await platform.eventBus('bus').publish(things.topic.name, events);
    const { context, said } = rebuildsOf(platform, { lookAgainAfterMs: 0 });
    await rebuild(context(killedAt(phase === 'abandoned' ? 2 : writes)), beside).catch(() => {});
    if (phase === 'abandoned') await abandon(context(killedAt(writes), expiredAtOnce)).catch(() => {});
    const pointer = () => readPointer(platform.stateStore('home'), things.name);
    said.splice(0);
    if ((await pointer()).rebuild?.phase === phase) {
      const read: number[] = [];
      const { log, ...rest } = context(undefined, expiredAtOnce);
      const watched: typeof log.read = (topic, ranges, handle, signal) => {
        read.push(ranges.reduce((sum, { begin, end }) => sum + end - begin, 0));
        return log.read(topic, ranges, handle, signal);
      };
      return { context: { ...rest, log: { ...log, read: watched } }, pointer, said, read };
    }
  }
  throw new Error(`no rebuild was ever in the phase ${phase}`);
};

it.each<[Rebuild['phase'], { says: string[]; reads: number[] }]>([
  [
    'replaying',
    {
      says: [
        'Going on with Generation 2 in home, which has 0 of 0 events.',
        'From now on every change is written into it as well.',
      ],
      // What the log has, nothing that came since, and all again to compare.
      reads: [3, 0, 3],
    },
  ],
  ['joined', { says: ['Going on with Generation 2 in home, which has 3 of 3 events.'], reads: [0, 3] }],
  ['filled', { says: ['Going on with Generation 2 in home, which is filled.'], reads: [3] }],
])('a rebuild that was killed while %s continues there, and answers', async (phase, { says, reads }) => {
  const { context, pointer, said, read } = await killedIn(phase);
  expect(await rebuild(context, beside)).toMatchObject({ switched: true, generation: { number: 2 } });
  expect(said).toEqual(says);
  expect(read).toEqual(reads);
  expect(await pointer()).toEqual({ answering: { number: 2 }, lastNumber: 2, previous: [{ number: 1 }] });
});

it('a rebuild that was killed while abandoned is only ever removed', async () => {
  const { context, pointer } = await killedIn('abandoned');
  await expect(rebuild(context, beside)).rejects.toThrow('given up, and removed in part');
  expect(await abandon(context)).toEqual({ number: 2 });
  expect(await pointer()).toEqual({ answering: { number: 1 }, lastNumber: 2, previous: [] });
});

it.each<[Rebuild['phase'], boolean, Partial<Pointer>]>([
  ['replaying', false, { rebuild: { phase: 'joined' } as Rebuild }],
  ['joined', false, { rebuild: { phase: 'filled' } as Rebuild }],
  ['filled', false, { answering: { number: 3 }, previous: [{ number: 1 }, { number: 2 }] }],
  // The old one is gone.
  ['filled', true, { answering: { number: 3 }, previous: [] }],
  ['abandoned', false, { answering: { number: 2 }, previous: [{ number: 1 }] }],
])('at the end of the phase %s (in place: %s) the ledger says what is next', (phase, inPlace, next) => {
  const unfinished = { phase, inPlace, into: { number: 3 } } as Rebuild;
  const held = { answering: { number: 2 }, lastNumber: 3, previous: [{ number: 1 }], rebuild: unfinished };
  const recorded = phases[phase].record({ ...held, unready: true });
  expect(recorded).toMatchObject({ lastNumber: 3, ...next });
  expect('rebuild' in recorded).toBe('rebuild' in next);
  if (phase === 'filled') expect(recorded).not.toHaveProperty('unready');
});
