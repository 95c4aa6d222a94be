import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { describeGroup, endsOf } from './describe-group.ts';

type Reset = { group: string; topic: string; to: string; dryRun: boolean; say: (line: string) => void };

/** A broker gives up a member that it has not heard from for ten seconds. */
const memberExpiresAfterMs = 12_000;

/**
 * Sets the group's offsets, and answers where each partition stood and stands now.
 * @throws Error when the group has live members, naming them, or when `to` is no place
 */
export const resetGroup = async (admin: Admin, { group, topic, to, dryRun, say }: Reset) => {
  const before = await describeGroup(admin, group, topic);
  const goals = await goalsOf(admin, topic, to);
  if (!dryRun) {
    await untilAtRest(admin, group, say);
    await admin.setOffsets({ groupId: group, topic, partitions: goals });
  }
  return before.map(({ partition, committed, end }) => {
    const goal = goals.find((candidate) => candidate.partition === partition)?.offset ?? committed;
    return { partition, from: committed, to: goal, end };
  });
};

const goalsOf = async (admin: Admin, topic: string, to: string): Promise<{ partition: number; offset: string }[]> => {
  const ends = await endsOf(admin, topic);
  if (to === 'earliest') return ends.map(({ partition, low }) => ({ partition, offset: low }));
  if (to === 'latest') return ends.map(({ partition, high }) => ({ partition, offset: high }));
  const place = /^(\d+):(\d+)$/.exec(to);
  if (place) {
    const [partition, offset] = [Number(place[1]), Number(place[2])];
    const end = ends.find((candidate) => candidate.partition === partition);
    if (!end || offset < Number(end.low) || offset > Number(end.high))
      throw new Error(
        `${to} is no place of ${topic}: ${ends.map((e) => `${e.partition}:${e.low}-${e.high}`).join(' ')}`,
      );
    return [{ partition, offset: String(offset) }];
  }
  const time = Date.parse(to);
  if (Number.isNaN(time)) throw new Error(`${to} is neither earliest, latest, a time nor PARTITION:OFFSET.`);
  const found = await admin.fetchTopicOffsetsByTimestamp(topic, time);
  // Where no record is as late, the broker answers -1: that is the end.
  return ends.map(({ partition, high }) => {
    const offset = found.find((candidate) => candidate.partition === partition)?.offset ?? '-1';
    return { partition, offset: Number(offset) < 0 ? high : offset };
  });
};

const untilAtRest = async (admin: Admin, group: string, say: (line: string) => void) => {
  const deadline = performance.now() + memberExpiresAfterMs;
  for (let told = false; ; told = true) {
    const members = (await admin.describeGroups([group])).groups[0]?.members ?? [];
    if (members.length === 0) return;
    const names = members.map(({ clientId, clientHost }) => `${clientId} (${clientHost})`).join(', ');
    if (performance.now() > deadline)
      throw new Error(`The group ${group} has live members: ${names}. Stop them and their sidecars, then try again.`);
    if (!told) say(`Waiting for members to leave or to be given up by the broker: ${names}`);
    await delay(500);
  }
};
