import type { Runtime } from '../../runtime/runtime.ts';
import type { Projection } from '../declaration.ts';
import { asCheckpointDocument, createCheckpointDocument } from '../generations/checkpoint-document.ts';
import { documentKey } from '../generations/generation.ts';
import { readPointer } from '../generations/pointer.ts';
import type { Stores } from '../generations/stores.ts';
import type { LogReader } from '../log-reader.ts';
import type { StoredValue } from '../state-store.ts';
import { retryOnConflict } from '../state-store.ts';
import { collectOffsets, type DeliveredOffsets } from './delivered-offsets.ts';
import type { ParsedBatch } from './parse-batch.ts';
import {
  areOffsetsExpected,
  type CheckpointDocuments,
  decideNextStep,
  listRegisteredGenerations,
  type Plan,
  planWrites,
} from './plan.ts';
import { verifyWithLog } from './verify-with-log.ts';
import { createWriteThroughCache, type WriteThroughCache } from './write-through-cache.ts';

/** Writes a batch and returns the number of events by outcome. */
export type ProjectionWriter<Event> = (batch: ParsedBatch<Event>) => Promise<Record<string, number>>;

/** A batch that is being written. A lookup in the log replaces `batch` and `offsets`. */
type PendingBatch<Event> = {
  batch: ParsedBatch<Event>;
  offsets: DeliveredOffsets;
  readonly isWithoutPlace: boolean;
  /** The stores against whose checkpoints the offsets were verified. */
  readonly verified: Set<string | undefined>;
};

type WriterContext = {
  readonly stores: Stores;
  readonly newId: () => string;
  /** Without a log every gap in the offsets counts as missing records. */
  readonly log: LogReader | undefined;
  readonly logger?: Pick<Runtime['log'], 'warn'>;
};

/**
 * Folds events into their documents and writes these, with the checkpoints of the whole batch, into every generation
 * that the checkpoint documents register: one transaction with compare-and-set writes per store, the primary store
 * last. Reads and folds again after a conflict.
 */
export const createProjectionWriter = <Event, Document>(
  projection: Projection<Event, Document>,
  { stores, newId, log, logger }: WriterContext,
): ProjectionWriter<Event> => {
  /**
   * The generations that each store registered last. Their documents are read in one call with the checkpoints, which
   * most likely register the same ones.
   */
  const lastRegistered = new Map<string | undefined, readonly number[]>();
  const caches = new Map<string | undefined, WriteThroughCache>();
  const cacheOf = (store: string | undefined): WriteThroughCache => {
    const cache = caches.get(store) ?? createWriteThroughCache(stores(store));
    caches.set(store, cache);
    return cache;
  };

  const plan = async (store: string | undefined, pending: PendingBatch<Event>): Promise<Plan> => {
    let numbers = lastRegistered.get(store) ?? [1];
    for (;;) {
      const { batch, offsets } = pending;
      const keys = numbers.flatMap((number) => [...batch.byKey.keys()].map((key) => documentKey(number, key)));
      const held = await cacheOf(store).read(keys, [...offsets.keys()]);
      const documents = await collectDocuments(store, held, pending);
      const registered = listRegisteredGenerations(documents);
      const isVerified = !log || pending.verified.has(store) || areOffsetsExpected(offsets, { held, documents });
      const step = decideNextStep({ read: numbers, registered, isVerified });
      lastRegistered.set(store, registered);
      numbers = registered;
      if (step === 'read again') continue;
      pending.verified.add(store);
      if (step === 'verify with log' && (await verifyOffsets(pending, documents))) continue;
      const writeId = stores(store).etagAfter && newId();
      return planWrites(projection, { byKey: batch.byKey, offsets }, { held, documents }, writeId);
    }
  };

  /**
   * Looks up unexpected offsets in the log. Returns whether the log could be read; if so, everything has to be read
   * again.
   */
  const verifyOffsets = async (pending: PendingBatch<Event>, documents: CheckpointDocuments): Promise<boolean> => {
    try {
      Object.assign(pending, await verifyWithLog(log as LogReader, projection, pending, documents));
      return true;
    } catch (err) {
      // Unverified gaps count as missing, and the view refuses until they are resolved.
      logger?.warn(
        { err, projection: projection.name },
        'a gap in the offsets could not be looked up in the log, it counts as missing',
      );
      return false;
    }
  };

  /** The checkpoint documents by key. Where one does not exist yet, the pointer says which generations there are. */
  const collectDocuments = async (
    store: string | undefined,
    held: Map<string, StoredValue>,
    { offsets, isWithoutPlace }: PendingBatch<Event>,
  ): Promise<CheckpointDocuments> => {
    const keys = [...offsets.keys(), ...(isWithoutPlace || offsets.size === 0 ? [noCheckpointKey] : [])];
    const documents = keys.map((key) => [key, asCheckpointDocument(held.get(key)?.value)] as const);
    const isComplete = documents.every(([, document]) => document !== undefined);
    const absent = isComplete ? undefined : createCheckpointDocument(await readPointer(stores(store), projection.name));
    return new Map(documents.flatMap(([key, document = absent]) => (document ? [[key, document]] : [])));
  };

  const planAll = async (pending: PendingBatch<Event>) => {
    const plans = new Map([[undefined as string | undefined, await plan(undefined, pending)]]);
    for (const [, { secondaryStores }] of plans)
      for (const store of secondaryStores) if (!plans.has(store)) plans.set(store, await plan(store, pending));
    return [...plans];
  };

  return async (batch) => {
    const { records } = batch;
    const isWithoutPlace = records.some(({ offset, partition }) => offset === undefined || partition === undefined);
    const offsets = collectOffsets(projection, records);
    const pending: PendingBatch<Event> = { batch, offsets, isWithoutPlace, verified: new Set() };
    return retryOnConflict(async () => {
      const plans = await planAll(pending);
      for (const [store, { upserts }] of plans.toReversed())
        if (upserts.length > 0) await cacheOf(store).transact(upserts, [...pending.offsets.keys()]);
      return plans.find(([, { counts }]) => Object.keys(counts).length > 0)?.[1].counts ?? {};
    });
  };
};

/** The key for records without partition and offset, which are written into the generations that the pointer names. */
const noCheckpointKey = '';
