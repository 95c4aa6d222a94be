import type { World } from '../../runtime/world.ts';
import type { PlacePair } from '../dead-letters/dead-letter-marks.ts';
import type { Projection } from '../declaration.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import { documentKey } from '../generations/generation.ts';
import { readPointer } from '../generations/pointer.ts';
import {
  asPositionDocument,
  documentFor,
  isDiscarded,
  numbersOf,
  type PositionDocument,
  positionKey,
} from '../generations/position-document.ts';
import type { Stores } from '../generations/stores.ts';
import type { LogReader } from '../log-reader.ts';
import { retryOnConflict } from '../retry-on-conflict.ts';
import type { StoredValue, Upsert } from '../state-store.ts';
import { afterDelivery, askLog, type DeliveredOffsets, deliveredOffsets, isUnexpected } from './delivered-offsets.ts';
import { fold } from './fold.ts';
import { type ParsedBatch, parseBatch } from './parse-batch.ts';
import { rememberWrites, type WriteMemory } from './write-memory.ts';

/** Answers the events of the batch by what became of them. */
export type ProjectionWriter<Event> = (batch: ParsedBatch<Event>) => Promise<Record<string, number>>;

/** What is to be written to one store. */
type Plan = { store: string | undefined; upserts: Upsert[]; counts: Record<string, number>; also: readonly string[] };

/** A batch and what was found out about it. */
type Work<Event> = {
  batch: ParsedBatch<Event>;
  offsets: DeliveredOffsets;
  readonly isWithoutPlace: boolean;
  /** The stores for whose positions the log was asked. */
  readonly asked: Set<string | undefined>;
};

type WriterContext = {
  readonly stores: Stores;
  readonly newId: () => string;
  /** Without one a gap in the offsets counts as missing records. */
  readonly log: LogReader | undefined;
  readonly logger?: Pick<World['log'], 'warn'>;
};

/**
 * Folds events into their documents and writes these, with the positions of the whole batch, into every generation that
 * the position documents list: one guarded transaction per store, the home last. Reads and folds again when another
 * writer was there first.
 */
export const projectionWriter = <Event, Document>(
  projection: Projection<Event, Document>,
  { stores, newId, log, logger }: WriterContext,
): ProjectionWriter<Event> => {
  /** By store what was listed last: those documents are read together with the list, which most probably is the same. */
  const listedLast = new Map<string | undefined, readonly number[]>();
  const memories = new Map<string | undefined, WriteMemory>();
  const memoryOf = (store: string | undefined): WriteMemory => {
    const memory = memories.get(store) ?? rememberWrites(stores(store));
    memories.set(store, memory);
    return memory;
  };

  const plan = async (store: string | undefined, work: Work<Event>): Promise<Plan> => {
    let numbers = listedLast.get(store) ?? [1];
    for (;;) {
      const {
        batch: { byKey },
        offsets,
      } = work;
      const keys = numbers.flatMap((number) => [...byKey.keys()].map((key) => documentKey(number, key)));
      const held = await memoryOf(store).read(keys, [...offsets.keys()]);
      const documents = await listing(store, held, work);
      const listed = [...new Set([...documents.values()].flatMap(numbersOf))];
      const alreadyRead = listed.every((number) => numbers.includes(number));
      listedLast.set(store, listed);
      numbers = listed;
      if (!alreadyRead || (await askedTheLog(store, work, held, documents))) continue;
      const discarded = ([partition, offset]: PlacePair) => {
        const document = documents.get(positionKey(projection.name, projection.topic.name, partition));
        const isReplaced = offsets.get(positionKey(projection.name, projection.topic.name, partition))?.log?.isReplaced;
        return document !== undefined && !isReplaced && isDiscarded(document, offset);
      };
      const folded = new Map(listed.map((number) => [number, fold(projection, byKey, held, number, discarded)]));
      const mark = stores(store).etagAfter && { mark: newId() };
      const positions = [...offsets].flatMap(([key, delivered]): Upsert[] => {
        const before = documents.get(key) as PositionDocument;
        const after = afterDelivery(before, delivered, (number) => folded.get(number)?.marked ?? new Map());
        return after === before ? [] : [{ key, value: { ...after, ...mark }, etag: held.get(key)?.etag }];
      });
      // Positions last: no store may ever know that it followed what it has not. Otherwise one order for all writers, or two
      // transactions of a relational store lock each other out.
      const upserts = [...inOrder([...folded.values()].flatMap((one) => one.upserts)), ...inOrder(positions)];
      const also = [...documents.values()].flatMap((document) => document.also ?? []);
      return { store, upserts, counts: folded.get(listed[0] as number)?.counts ?? {}, also };
    }
  };

  /** Whether something about the offsets was unexpected, and the log was asked about it, so that all is to be read again. */
  const askedTheLog = async (
    store: string | undefined,
    work: Work<Event>,
    held: ReadonlyMap<string, StoredValue>,
    documents: Documents,
  ): Promise<boolean> => {
    if (!log || work.asked.has(store)) return false;
    work.asked.add(store);
    const isExpected = [...work.offsets].every(
      ([key, delivered]) => !isUnexpected(held.has(key) ? documents.get(key) : undefined, delivered),
    );
    if (isExpected) return false;
    try {
      const { delivered, misplaced, isInLog } = await askLog(log, projection, work.offsets, documents);
      work.offsets = delivered;
      const { records } = work.batch;
      if (misplaced.length > 0 || !records.every(isInLog))
        work.batch = await parseBatch(projection, [
          ...misplaced,
          ...records.map((record) => (isInLog(record) ? record : withoutPlace(record))),
        ]);
      return true;
    } catch (err) {
      // What is not verified counts as missing, and the view refuses until it is.
      logger?.warn({ err, projection: projection.name }, 'the log cannot be asked about a gap in the offsets');
      return false;
    }
  };

  /** The position documents, by key. Where there is none yet, the pointer says which generations there are. */
  const listing = async (store: string | undefined, held: Map<string, StoredValue>, work: Work<Event>) => {
    const keys = [...work.offsets.keys(), ...(work.isWithoutPlace || work.offsets.size === 0 ? [noPlace] : [])];
    const documents = new Map(keys.map((key) => [key, asPositionDocument(held.get(key)?.value)]));
    if ([...documents.values()].every((document) => document !== undefined)) return documents as Documents;
    const absent = documentFor(await readPointer(stores(store), projection.name));
    return new Map([...documents].map(([key, document]) => [key, document ?? absent]));
  };

  const planAll = async (work: Work<Event>): Promise<Plan[]> => {
    const plans = [await plan(undefined, work)];
    for (const { also } of plans)
      for (const store of also) if (!plans.some((other) => other.store === store)) plans.push(await plan(store, work));
    return plans;
  };

  return async (batch) => {
    const { records } = batch;
    const isWithoutPlace = records.some(({ offset, partition }) => offset === undefined || partition === undefined);
    const work: Work<Event> = {
      batch,
      offsets: deliveredOffsets(projection, records),
      isWithoutPlace,
      asked: new Set(),
    };
    return retryOnConflict(async () => {
      const plans = await planAll(work);
      for (const { store, upserts } of plans.toReversed())
        if (upserts.length > 0) await memoryOf(store).transact(upserts, [...work.offsets.keys()]);
      return plans.find(({ counts }) => Object.keys(counts).length > 0)?.counts ?? {};
    });
  };
};

const withoutPlace = ({ partition: _, offset: __, replayOf: ___, ...record }: DeliveredRecord): DeliveredRecord =>
  record;

const inOrder = (upserts: readonly Upsert[]): Upsert[] => [...upserts].sort((a, b) => (a.key < b.key ? -1 : 1));

type Documents = ReadonlyMap<string, PositionDocument>;

/** The key of no position document: what takes its place are the generations that the pointer names. */
const noPlace = '';
