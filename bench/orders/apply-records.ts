import { pino } from 'pino';
import { topics } from '../../contracts/topics.ts';
import { openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import { openViewStores, type RegisteredView } from '../../packages/platform/views.ts';
import type { DeliveredRecord } from '../../packages/projections/event-bus.ts';
import { startProjection } from '../../packages/projections/projection.ts';
import type { StateStore } from '../../packages/projections/state-store.ts';
import { createRuntime } from '../../packages/runtime/runtime.ts';
import { splitIntoBatches } from './records.ts';

export const runtime = createRuntime(pino({ level: 'warn' }));

/** `cpuSeconds` is the CPU time that this process used meanwhile, with SQLite, which runs in its threads. */
type Applied = { readonly events: number; readonly seconds: number; readonly cpuSeconds: number };

/**
 * Applies records to a view through the engine, one delivery of `batchSize` records after the other, as a replay does. The time of
 * reading the log and of creating the records is not part of the result.
 * @throws Error when a record is not applied
 */
export const applyRecords = async (
  registered: RegisteredView,
  store: StateStore,
  records: Iterable<DeliveredRecord>,
  { batchSize, onProgress = () => {} }: { batchSize: number; onProgress?: (events: number) => void },
): Promise<Applied> => {
  const platform = openEmbeddedPlatform(':memory:', Object.values(topics));
  const bus = platform.eventBus('bench');
  const running = await startProjection(registered.projection, {
    ...runtime,
    ...openViewStores(registered, { store }),
    bus,
  });
  let [events, seconds, cpuSeconds] = [0, 0, 0];
  try {
    for (const batch of splitIntoBatches(records, batchSize)) {
      const [began, usedBefore] = [performance.now(), process.cpuUsage()];
      await running.apply(batch);
      const { user, system } = process.cpuUsage(usedBefore);
      seconds += (performance.now() - began) / 1000;
      cpuSeconds += (user + system) / 1_000_000;
      events += batch.length;
      onProgress(events);
    }
    const { applied, ignored, setAside, retried } = running.counts();
    if (applied !== events)
      throw new Error(`${applied} of ${events} records applied, ${ignored + setAside + retried} not`);
  } finally {
    await running.close();
    platform.close();
  }
  return { events, seconds, cpuSeconds };
};
