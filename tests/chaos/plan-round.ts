import { setTimeout as delay } from 'node:timers/promises';
import {
  type CustomerViewInstance,
  type Deployment,
  type PlatformInstance,
  startWithoutWaiting,
  stopBoth,
} from './deployment.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

/** A fault or a membership change that the test causes. */
export type Disturbance = {
  /** The name of the target. */
  what: string;
  how: 'kill' | 'pause' | 'join' | 'leave';
  /** Milliseconds from the start of the round. */
  afterMs: number;
  execute: () => Promise<void>;
};

/** Longer than the session timeout of 6 s, after which the broker reassigns a consumer's partitions. */
const pauseMs = 8_000;
const maxDownMs = 3_000;

export type ViewInstance = PlatformInstance | CustomerViewInstance;

/**
 * Plans the disturbances of a round, at most one for each target. Several targets can be disturbed at the same time.
 * `staying` are the instances that run for the whole round, `temporary` those that join and leave.
 */
export const planRound = (
  { crm, parts }: Deployment,
  { staying, temporary }: { staying: readonly ViewInstance[]; temporary: readonly ViewInstance[] },
  { random, roundMs, count }: { random: Random; roundMs: number; count: number },
): Disturbance[] => {
  const views = new Set(staying.map(({ view }) => view));
  const usesMysql = views.has('durable-statestore') || views.has('mysql');
  const unused = [...(views.has('statestore') ? [] : ['redis']), ...(usesMysql ? [] : ['mysql'])];
  const targets = [
    crm.app,
    crm.sidecar,
    ...staying.flatMap(({ app, sidecar }) => [app, sidecar]),
    ...parts.filter(({ name }) => !unused.includes(name)),
  ];
  const disturbed = shuffle(targets, random).slice(0, count);
  return [
    ...disturbed.map((target) => planDisturbance(target, random, roundMs)),
    ...temporary.flatMap((instance) => planMembership(instance, random, roundMs)),
  ].sort((a, b) => a.afterMs - b.afterMs);
};

const planDisturbance = (target: Target, random: Random, roundMs: number): Disturbance => {
  const what = target.name;
  if (random.percent(60)) {
    const downMs = random.between(0, maxDownMs);
    const execute = async () => {
      await target.stop('SIGKILL');
      await delay(downMs);
      await target.start();
    };
    return { what, how: 'kill', afterMs: random.between(0, roundMs), execute };
  }
  const execute = async () => {
    target.pause();
    await delay(pauseMs);
    target.resume();
  };
  return { what, how: 'pause', afterMs: random.between(0, Math.max(0, roundMs - pauseMs)), execute };
};

/** A temporary instance joins in the first half of the round and leaves in the second, by SIGTERM or by SIGKILL. */
const planMembership = (instance: ViewInstance, random: Random, roundMs: number): Disturbance[] => {
  const signal = random.percent(50) ? 'SIGTERM' : 'SIGKILL';
  const [early, late] = [random.between(0, roundMs / 2), random.between(roundMs / 2, roundMs)];
  return [
    { what: instance.name, how: 'join', afterMs: early, execute: () => startWithoutWaiting(instance) },
    { what: instance.name, how: 'leave', afterMs: late, execute: () => stopBoth(instance, signal) },
  ];
};

const shuffle = <T>(items: readonly T[], random: Random): T[] =>
  items
    .map((item) => ({ item, at: random.between(0, 1_000_000) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
