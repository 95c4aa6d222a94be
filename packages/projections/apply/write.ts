import type { Runtime } from '../../runtime/runtime.ts';
import type { Projection } from '../declaration.ts';
import { asCheckpointDocument, documentFor } from '../generations/checkpoint-document.ts';
import { documentKey } from '../generations/generation.ts';
import { readPointer } from '../generations/pointer.ts';
import type { Stores } from '../generations/stores.ts';
import type { LogReader } from '../log-reader.ts';
import type { StoredValue } from '../state-store.ts';
import { retryOnConflict } from '../state-store.ts';
import { verifyWithLog } from './ask-log.ts';
import { type DeliveredOffsets, deliveredOffsets } from './delivered-offsets.ts';
import type { ParsedBatch } from './parse-batch.ts';
import { areExpected, type CheckpointDocuments, nextStep, type Plan, planWrites, registeredIn } from './plan.ts';
import { createWriteThroughCache, type WriteThroughCache } from './write-through-cache.ts';

/** Answers the events of the batch by what became of them. */
export type ProjectionWriter<Event> = (batch: ParsedBatch<Event>) => Promise<Record<string, number>>;

/** A batch and what was found out about it. */
type Work<Event> = {
  batch: ParsedBatch<Event>;
  offsets: DeliveredOffsets;
  readonly isWithoutPlace: boolean;
  /** The stores for whose positions the offsets were verified. */
  readonly verified: Set<string | undefined>;
};

type WriterContext = {
  readonly stores: Stores;
  readonly newId: () => string;
  /** Without one a gap in the offsets counts as missing records. */
  readonly log: LogReader | undefined;
  readonly logger?: Pick<Runtime['log'], 'warn'>;
};

/**
 * Folds events into their documents and writes these, with the positions of the whole batch, into every generation that
 * the position documents register: one guarded transaction per store, the home last. Reads and folds again when another
 * writer was there first.
 */
export const projectionWriter = <Event, Document>(
  projection: Projection<Event, Document>,
  { stores, newId, log, logger }: WriterContext,
): ProjectionWriter<Event> => {
  /** By store what was registered last: those documents are read together with the positions, which most probably name the same. */
  const registeredLast = new Map<string | undefined, readonly number[]>();
  const memories = new Map<string | undefined, WriteThroughCache>();
  const memoryOf = (store: string | undefined): WriteThroughCache => {
    const memory = memories.get(store) ?? createWriteThroughCache(stores(store));
    memories.set(store, memory);
    return memory;
  };

  const plan = async (store: string | undefined, work: Work<Event>): Promise<Plan> => {
    let numbers = registeredLast.get(store) ?? [1];
    for (;;) {
      const { batch, offsets } = work;
      const keys = numbers.flatMap((number) => [...batch.byKey.keys()].map((key) => documentKey(number, key)));
      const held = await memoryOf(store).read(keys, [...offsets.keys()]);
      const documents = await positionDocuments(store, held, work);
      const registered = registeredIn(documents);
      const isExplained = !log || work.verified.has(store) || areExpected(offsets, { held, documents });
      const step = nextStep({ read: numbers, registered, isExplained });
      registeredLast.set(store, registered);
      numbers = registered;
      if (step === 'read again') continue;
      work.verified.add(store);
      if (step === 'ask the log' && (await hasLogAnswered(work, documents))) continue;
      const mark = stores(store).etagAfter && newId();
      return planWrites(projection, { byKey: batch.byKey, offsets }, { held, documents }, mark);
    }
  };

  /** Whether the log answered, so that all is to be read again. */
  const hasLogAnswered = async (work: Work<Event>, documents: CheckpointDocuments): Promise<boolean> => {
    try {
      Object.assign(work, await verifyWithLog(log as LogReader, projection, work, documents));
      return true;
    } catch (err) {
      // What is not verified counts as missing, and the view refuses until it is.
      logger?.warn({ err, projection: projection.name }, 'the log cannot be asked about a gap in the offsets');
      return false;
    }
  };

  /** The position documents, by key. Where there is none yet, the pointer says which generations there are. */
  const positionDocuments = async (
    store: string | undefined,
    held: Map<string, StoredValue>,
    { offsets, isWithoutPlace }: Work<Event>,
  ): Promise<CheckpointDocuments> => {
    const keys = [...offsets.keys(), ...(isWithoutPlace || offsets.size === 0 ? [noPlace] : [])];
    const documents = keys.map((key) => [key, asCheckpointDocument(held.get(key)?.value)] as const);
    const isComplete = documents.every(([, document]) => document !== undefined);
    const absent = isComplete ? undefined : documentFor(await readPointer(stores(store), projection.name));
    return new Map(documents.flatMap(([key, document = absent]) => (document ? [[key, document]] : [])));
  };

  const planAll = async (work: Work<Event>) => {
    const plans = new Map([[undefined as string | undefined, await plan(undefined, work)]]);
    for (const [, { also }] of plans)
      for (const store of also) if (!plans.has(store)) plans.set(store, await plan(store, work));
    return [...plans];
  };

  return async (batch) => {
    const { records } = batch;
    const isWithoutPlace = records.some(({ offset, partition }) => offset === undefined || partition === undefined);
    const offsets = deliveredOffsets(projection, records);
    const work: Work<Event> = { batch, offsets, isWithoutPlace, verified: new Set() };
    return retryOnConflict(async () => {
      const plans = await planAll(work);
      for (const [store, { upserts }] of plans.toReversed())
        if (upserts.length > 0) await memoryOf(store).transact(upserts, [...work.offsets.keys()]);
      return plans.find(([, { counts }]) => Object.keys(counts).length > 0)?.[1].counts ?? {};
    });
  };
};

/** The key of no position document: what takes its place are the generations that the pointer names. */
const noPlace = '';
