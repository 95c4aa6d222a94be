import type { DeliveredRecord, Verdict } from '../../projections/event-bus.ts';

/** A part of a delivery. `entryIds` are in the order of the records. */
export type Piece = {
  readonly topic: string;
  readonly entryIds: readonly string[];
  readonly records: readonly DeliveredRecord[];
};

export type Handler = (batch: readonly DeliveredRecord[]) => Promise<readonly Verdict[]>;

/** The outcome of a delivery: which entries are done. The sidecar must repeat all others. */
export type Outcome = { readonly entryIds: string[]; readonly isDone: boolean[] };

/** A larger delivery reaches the handler in several batches, one after the other. */
const maxBatchBytes = 8 * 1024 * 1024;

/** A delivery of a topic without a subscription. It is refused so that the sidecar repeats it. */
export class UnknownTopic extends Error {
  override name = 'UnknownTopic';
}

/**
 * Passes the records to the handler of their topic while the delivery arrives. After a batch with a retry no later record reaches the
 * handler: the sidecar repeats the whole delivery.
 * @throws UnknownTopic, or what `pieces` throws
 */
export const deliver = async (
  pieces: AsyncIterable<Piece>,
  findHandler: (topic: string) => Handler | undefined,
): Promise<Outcome> => {
  const outcome: Outcome = { entryIds: [], isDone: [] };
  let batch: DeliveredRecord[] = [];
  let bytes = 0;
  let hasRetry = false;
  let handle: Handler | undefined;
  const handleBatch = async () => {
    const verdicts = hasRetry || !handle || batch.length === 0 ? [] : await handle(batch);
    for (let n = 0; n < batch.length; n++) {
      const isDone = verdicts[n] === 'done';
      outcome.isDone.push(isDone);
      hasRetry ||= !isDone;
    }
    batch = [];
    bytes = 0;
  };
  for await (const { topic, entryIds, records } of pieces) {
    handle ??= findHandler(topic);
    if (!handle) throw new UnknownTopic(`there is no subscription to ${topic}`);
    const pieceBytes = records.reduce((sum, { value }) => sum + value.length, 0);
    if (bytes > 0 && bytes + pieceBytes > maxBatchBytes) await handleBatch();
    for (const entryId of entryIds) outcome.entryIds.push(entryId);
    for (const record of records) batch.push(record);
    bytes += pieceBytes;
  }
  await handleBatch();
  return outcome;
};
