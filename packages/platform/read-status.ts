import type { z } from 'zod';
import { type Completeness, findRefusal } from '../projections/completeness.ts';
import type { LogReader, PartitionRange } from '../projections/log-reader.ts';
import type { RunningView } from './running-views.ts';
import type { statusSchema } from './view-status.ts';

export type StatusSources = {
  readonly topicLog?: LogReader | undefined;
  readonly now: () => number;
  /** What the service was told to use. */
  readonly names: { readonly stateStoreName: string; readonly consumerGroup: string };
};

/** Answers although the store or the broker is away: then it says what it cannot tell. */
export const readStatus = async (
  running: RunningView,
  { topicLog, names, now }: StatusSources,
): Promise<z.input<typeof statusSchema>> => {
  const { registered, view, projection, drift } = running;
  const completeness = await view.completeness().catch((error: Error) => error);
  const ranges = (await topicLog?.offsets(registered.projection.topic.name).catch(() => undefined)) ?? [];
  const lag = completeness instanceof Error ? undefined : lagOf(completeness, ranges);
  const last = projection.last();
  return {
    store: names.stateStoreName,
    consumerGroup: names.consumerGroup,
    view:
      completeness instanceof Error
        ? { state: 'unknown', reason: completeness.message }
        : { ...completeness, warning: warningOf(completeness, drift) },
    sinceStart: projection.counts(),
    ...(last && { lastEvent: last }),
    ...freshness(lag, last?.time, now()),
  };
};

/** Offsets between the view and the end of the log; undefined where the broker does not report them. */
const lagOf = ({ partitions }: Completeness, ranges: readonly PartitionRange[]): number | undefined => {
  if (ranges.length === 0) return undefined;
  const behind = ranges.map(({ partition, begin, end }) =>
    Math.max(0, end - 1 - Math.max(begin - 1, partitions[partition]?.applied ?? -1)),
  );
  return behind.reduce((sum, many) => sum + many, 0);
};

/** A view with nothing before it is as fresh as can be; any other is as old as the last event that came to it. */
const freshness = (lag: number | undefined, lastTime: string | undefined, now: number) => {
  if (lag === 0) return { lag, freshnessSeconds: 0 };
  const age = lastTime === undefined ? {} : { freshnessSeconds: Math.max(0, now - Date.parse(lastTime)) / 1000 };
  return { ...(lag !== undefined && { lag }), ...age };
};

/** What a person should do about the view, if anything. */
export const warningOf = (completeness: Completeness, drift: RunningView['drift']): string | undefined => {
  const refusal = findRefusal(completeness);
  if (refusal) return `${refusal.message} ${refusal.remedy}`;
  const lost = drift.lostToEmptyStore();
  if (completeness.state !== 'empty' || lost === 0) return undefined;
  return (
    `This store was never filled, and the consumer group has read ${lost} events already: ` +
    'npm run rebuild fills it, and so does another consumer group.'
  );
};
