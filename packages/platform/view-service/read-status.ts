import type { z } from 'zod';
import { type Completeness, findLoss, findRefusal } from '../../projections/completeness.ts';
import type { LogReader, PartitionRange } from '../../projections/log-reader.ts';
import type { RunningView } from '../running-views.ts';
import type { statusSchema } from '../view-status.ts';

export type StatusSources = {
  readonly topicLog?: LogReader | undefined;
  readonly now: () => number;
  /** The configured names. */
  readonly names: { readonly stateStoreName: string; readonly consumerGroup: string };
};

/** Reads the status of a view. If the store or the broker is unavailable, it omits what it cannot read. */
export const readStatus = async (
  running: RunningView,
  { topicLog, names, now }: StatusSources,
): Promise<z.input<typeof statusSchema>> => {
  const { registered, view, projection } = running;
  const completeness = await view.completeness().catch((error: Error) => error);
  const ranges = (await topicLog?.offsets(registered.projection.topic.name).catch(() => undefined)) ?? [];
  const lag = completeness instanceof Error ? undefined : computeLag(completeness, ranges);
  const last = projection.last();
  return {
    store: names.stateStoreName,
    consumerGroup: names.consumerGroup,
    view:
      completeness instanceof Error
        ? { state: 'unknown', reason: completeness.message }
        : { ...completeness, warning: describeWarning(completeness, running) },
    sinceStart: projection.counts(),
    ...(last && { lastEvent: last }),
    ...computeFreshness(lag, last?.time, now()),
  };
};

/** The consumer lag in offsets; undefined if the broker does not report offsets. */
const computeLag = ({ partitions }: Completeness, ranges: readonly PartitionRange[]): number | undefined => {
  if (ranges.length === 0) return undefined;
  const behind = ranges.map(({ partition, begin, end }) =>
    Math.max(0, end - 1 - Math.max(begin - 1, partitions[partition]?.applied ?? -1)),
  );
  return behind.reduce((sum, offsets) => sum + offsets, 0);
};

/** The freshness is 0 without lag, otherwise the age of the last applied event. */
const computeFreshness = (lag: number | undefined, lastTime: string | undefined, now: number) => {
  if (lag === 0) return { lag, freshnessSeconds: 0 };
  const age = lastTime === undefined ? {} : { freshnessSeconds: Math.max(0, now - Date.parse(lastTime)) / 1000 };
  return { ...(lag !== undefined && { lag }), ...age };
};

/** What is wrong with the view and what to do about it; undefined if nothing is. */
export const describeWarning = (
  completeness: Completeness,
  { registered, drift }: Pick<RunningView, 'registered' | 'drift'>,
): string | undefined => {
  const { viewOption } = registered.projection;
  const refusal = findRefusal(completeness, viewOption) ?? findLoss(completeness, drift.lostToEmptyStore(), viewOption);
  return refusal && `${refusal.message} ${refusal.remedy}`;
};
