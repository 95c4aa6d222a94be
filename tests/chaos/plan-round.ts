import { setTimeout as delay } from 'node:timers/promises';
import { come, end, type Fleet, type FleetMember } from './deployment.ts';
import type { Chance } from './random.ts';
import type { Unit } from './target.ts';

/** What happens to the platform, and when: `afterMs` from the beginning of the round. */
export type Disturbance = {
  what: string;
  how: 'kill' | 'pause' | 'join' | 'leave';
  afterMs: number;
  happen: () => Promise<void>;
};

/** Longer than the ten seconds after which a broker gives a consumer's partitions to others. */
const pauseMs = 12_000;
const longestAbsenceMs = 3_000;

/**
 * Chooses what happens in a round. At most one thing happens to a unit at a time; things happen to several at once.
 * `staying` and `guests` are the members of this round: guests come and go.
 */
export const planRound = (
  { crm, parts }: Fleet,
  { staying, guests }: { staying: readonly FleetMember[]; guests: readonly FleetMember[] },
  { chance, roundMs, count }: { chance: Chance; roundMs: number; count: number },
): Disturbance[] => {
  const views = new Set(staying.map(({ view }) => view));
  const unused = [...(views.has('statestore') ? [] : ['redis']), ...(views.has('durable-statestore') ? [] : ['mysql'])];
  const units = [
    crm.app,
    crm.sidecar,
    ...staying.flatMap(({ app, sidecar }) => [app, sidecar]),
    ...parts.filter(({ name }) => !unused.includes(name)),
  ];
  const disturbed = shuffled(units, chance).slice(0, count);
  return [
    ...disturbed.map((unit) => disturbance(unit, chance, roundMs)),
    ...guests.flatMap((guest) => comingAndGoing(guest, chance, roundMs)),
  ].sort((a, b) => a.afterMs - b.afterMs);
};

const disturbance = (unit: Unit, chance: Chance, roundMs: number): Disturbance => {
  const what = unit.name;
  if (chance.percent(60)) {
    const awayMs = chance.between(0, longestAbsenceMs);
    const happen = async () => {
      await unit.end('SIGKILL');
      await delay(awayMs);
      await unit.start();
    };
    return { what, how: 'kill', afterMs: chance.between(0, roundMs), happen };
  }
  const happen = async () => {
    unit.pause();
    await delay(pauseMs);
    unit.resume();
  };
  return { what, how: 'pause', afterMs: chance.between(0, Math.max(0, roundMs - pauseMs)), happen };
};

/** Comes in the first half of the round and goes in the second: politely, or killed. */
const comingAndGoing = (guest: FleetMember, chance: Chance, roundMs: number): Disturbance[] => {
  const signal = chance.percent(50) ? 'SIGTERM' : 'SIGKILL';
  const [early, late] = [chance.between(0, roundMs / 2), chance.between(roundMs / 2, roundMs)];
  return [
    { what: guest.name, how: 'join', afterMs: early, happen: () => come(guest) },
    { what: guest.name, how: 'leave', afterMs: late, happen: () => end(guest, signal) },
  ];
};

const shuffled = <T>(items: readonly T[], chance: Chance): T[] =>
  items
    .map((item) => ({ item, at: chance.between(0, 1_000_000) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
