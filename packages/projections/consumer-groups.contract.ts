import { expect, it } from 'vitest';
import { type ConsumerGroups, describeGroup, resetGroup } from './consumer-groups.ts';
import type { OutgoingEvent, Topic } from './event-bus.ts';
import type { LogReader } from './log-reader.ts';

type GroupUnderTest = {
  topic: Topic;
  log: LogReader;
  groups: ConsumerGroups;
  publish(events: readonly OutgoingEvent[]): Promise<void>;
};

const event = (n: number): OutgoingEvent => ({ id: `${n}`, key: `${n}`, value: Buffer.from(`${n}`) });

/** The contract of the consumer groups, for a group without members; every adapter runs it. */
export const consumerGroupsContract = (open: () => Promise<GroupUnderTest>) => {
  const openGroup = async () => {
    const { topic, log, groups, publish } = await open();
    await publish(Array.from({ length: 20 }, (_, n) => event(n)));
    const group = { log, groups, group: `group of ${topic.name}`, topic: topic.name };
    const reset = (to: string, dryRun = false) => resetGroup(group, { to, dryRun, report: () => {} });
    const lag = async () => (await describeGroup(group)).reduce((sum, one) => sum + one.lag, 0);
    return { group, reset, lag };
  };

  it('a group without committed offsets lags by the whole log', async () => {
    const { group, lag } = await openGroup();
    expect((await group.groups.committed(group.group, group.topic)).size).toBe(0);
    expect(await lag()).toBe(20);
  });

  it('a reset sets the offset of every partition, and a dry run sets none', async () => {
    const { group, reset, lag } = await openGroup();
    await reset('latest', true);
    expect(await lag()).toBe(20);
    await reset('latest');
    expect(await lag()).toBe(0);
    const endOffsets = (await group.log.offsets(group.topic)).map(({ partition, end }) => [partition, end]);
    expect([...(await group.groups.committed(group.group, group.topic))].sort()).toEqual(endOffsets);
    await reset('earliest');
    expect(await lag()).toBe(20);
  });

  it('a reset to a time sets the first record of that time or later, or the end of the log', async () => {
    const { reset, lag } = await openGroup();
    await reset('2000-01-01T00:00:00Z');
    expect(await lag()).toBe(20);
    await reset('2100-01-01T00:00:00Z');
    expect(await lag()).toBe(0);
  });

  it('a reset to PARTITION:OFFSET sets one partition, and is refused outside of the log', async () => {
    const { group, reset, lag } = await openGroup();
    await reset('latest');
    const [range] = (await group.log.offsets(group.topic)).filter(({ end }) => end > 0);
    await reset(`${range?.partition}:0`);
    expect(await lag()).toBe(range?.end);
    await expect(reset('99:0')).rejects.toThrow('99:0 is not an offset of');
  });
};
