import { setTimeout as delay } from 'node:timers/promises';
import { documentKey } from '../generations/generation.ts';
import { readPointer } from '../generations/pointer.ts';
import {
  asPositionDocument,
  changePositions,
  documentFor,
  numbersOf,
  type PositionDocument,
  positionKey,
  withDeadLetters,
} from '../generations/position-document.ts';
import type { Stores } from '../generations/stores.ts';
import { StateConflict, type Upsert } from '../state-store.ts';
import { joinMarks, splitMarks } from './dead-letter-marks.ts';
import { union } from './position.ts';

/** A dead letter of one partition, and the key of the document that it concerns, if any. */
export type DeadLetterPlace = { readonly partition: number; readonly offset: number; readonly key: string | undefined };

const attempts = 20;

/**
 * Takes the marks of dead letters from their documents, in every generation that is kept up to date. The position documents
 * remember it, so neither a redelivery nor a rebuild marks them again.
 */
export const discardDeadLetters = async (
  { name, topic }: { readonly name: string; readonly topic: { readonly name: string } },
  stores: Stores,
  letters: readonly DeadLetterPlace[],
): Promise<void> => {
  for (const partition of new Set(letters.map((letter) => letter.partition))) {
    const own = letters.filter((letter) => letter.partition === partition);
    const key = positionKey(name, topic.name, partition);
    const { also = [] } = await discardIn(undefined, key, own);
    for (const store of also) await discardIn(store, key, own);
  }

  async function discardIn(
    storeName: string | undefined,
    key: string,
    own: readonly DeadLetterPlace[],
  ): Promise<PositionDocument> {
    const store = stores(storeName);
    for (let attempt = 1; ; attempt++) {
      const position = (await store.getMany([key])).get(key);
      const document = asPositionDocument(position?.value) ?? documentFor(await readPointer(store, name));
      const keys = [...new Set(own.flatMap((letter) => (letter.key === undefined ? [] : [letter.key])))];
      const numbers = numbersOf(document);
      const held = await store.getMany(numbers.flatMap((number) => keys.map((of) => documentKey(number, of))));
      const upserts: Upsert[] = [];
      let after: PositionDocument = {
        ...document,
        discarded: union([...(document.discarded ?? []), ...own.map(({ offset }) => [offset, offset] as const)]),
      };
      for (const number of numbers) {
        const left = new Map(
          keys.map((of) => {
            const at = documentKey(number, of);
            const stored = splitMarks(held.get(at)?.value);
            const marks = stored.marks.filter(
              (mark) => !own.some(({ partition, offset }) => mark[0] === partition && mark[1] === offset),
            );
            if (marks.length < stored.marks.length)
              upserts.push({ key: at, value: joinMarks({ ...stored, marks }), etag: held.get(at)?.etag });
            return [of, marks] as const;
          }),
        );
        const partition = (own[0] as DeadLetterPlace).partition;
        after = changePositions(after, (one, of) => (of === number ? withDeadLetters(one, partition, left) : one));
      }
      try {
        await store.transact([...upserts, { key, value: after, etag: position?.etag }]);
        return after;
      } catch (error) {
        if (!(error instanceof StateConflict) || attempt === attempts) throw error;
        await delay(Math.random() * 2 ** Math.min(attempt, 7));
      }
    }
  }
};
