import { setTimeout as delay } from 'node:timers/promises';
import { type Generation, isSame } from '../generations/generation.ts';
import { changePointer, type Pointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import { nameOf, type RebuildContext } from './context.ts';
import { deleteGenerations } from './delete-generations.ts';
import { openLedger } from './ledger.ts';
import { positionsOf, unlist } from './listing.ts';
import { untilFree } from './preflight.ts';
import { RebuildRefused } from './rebuild-refused.ts';

/** Lets the generation answer that did before; it has been kept up to date. Answers which one. */
export const switchBack = async <Event, Document>(context: RebuildContext<Event, Document>): Promise<Generation> => {
  const { projection, stores } = context;
  const { answering, previous } = await atRest(context);
  const back = previous.at(-1);
  if (!back)
    throw new RebuildRefused(`There is nothing to switch back to: ${nameOf(context, answering)} is the only one.`);
  await refuseUnlessComplete(context, back, answering);
  await changePointer(stores(), projection.name, (held) => {
    if (!isSame(held.answering, answering) || held.rebuild) throw new RebuildRefused('Another was here meanwhile.');
    return { ...held, answering: back, previous: [...held.previous.slice(0, -1), answering] };
  });
  return back;
};

const refuseUnlessComplete = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  back: Generation,
  answering: Generation,
) => {
  const partitions = await partitionsOf(context);
  const now = await positionsOf(context, answering, partitions);
  const then = await positionsOf(context, back, partitions);
  for (const [partition, position] of now) {
    const other = then.get(partition);
    if (other && other.missing.length === 0 && other.applied >= (position?.applied ?? -1)) continue;
    const why = other ? `misses events of partition ${partition}` : 'is no longer kept up to date';
    throw new RebuildRefused(`${nameOf(context, back)} ${why}: it cannot answer. Retire it: --retire`);
  }
};

/** Removes every generation but the one that answers, keys and all. Answers which. */
export const retire = async <Event, Document>(
  context: RebuildContext<Event, Document>,
): Promise<readonly Generation[]> => {
  const { projection, stores, say, readersHoldMs } = context;
  await atRest(context);
  // First of all nobody may switch back to them any more.
  const { answering, retired = [] } = await changePointer(stores(), projection.name, (held) => ({
    ...held,
    previous: [],
    retired: [...(held.retired ?? []), ...held.previous],
  }));
  if (retired.length === 0) return [];
  say(`Waiting ${readersHoldMs / 1000} s, until nobody can be reading the old any more …`);
  await delay(readersHoldMs);
  await unlist(context, retired, { kept: [answering], partitions: await partitionsOf(context) });
  await deleteGenerations(context, retired);
  await changePointer(stores(), projection.name, ({ retired: left = [], ...held }) => ({
    ...held,
    retired: left.filter((one) => !retired.some((gone) => isSame(one, gone))),
  }));
  return retired;
};

/** Gives up an unfinished rebuild, and removes what it has written. */
export const abandon = async <Event, Document>(context: RebuildContext<Event, Document>): Promise<Generation> => {
  const { projection, stores, holder, now } = context;
  const pointer = await untilFree(context);
  const { rebuild, answering, previous } = pointer;
  if (!rebuild) throw new RebuildRefused('There is no unfinished rebuild.');
  if (rebuild.inPlace)
    throw new RebuildRefused('The old view is gone already: finish it, with npm run rebuild -- --in-place.');
  const taken: Rebuild = { ...rebuild, holder, leaseUntil: 0 };
  const ledger = await openLedger(stores(), projection.name, { ...pointer, rebuild: taken }, { held: pointer, now });
  try {
    const partitions = await partitionsOf(context);
    await unlist(context, [rebuild.into], { kept: [answering, ...previous], partitions });
    await deleteGenerations(context, [rebuild.into], ledger.lost);
    await ledger.change(({ rebuild: _, ...held }): Pointer => held);
    return rebuild.into;
  } finally {
    await ledger.close();
  }
};

const partitionsOf = async <Event, Document>({ log, projection }: RebuildContext<Event, Document>) =>
  (await log.offsets(projection.topic.name)).map(({ partition }) => partition);

const atRest = async <Event, Document>({ stores, projection }: RebuildContext<Event, Document>): Promise<Pointer> => {
  const pointer = await readPointer(stores(), projection.name);
  if (pointer.rebuild)
    throw new RebuildRefused(
      'There is an unfinished rebuild: finish it with npm run rebuild, or give it up with --abandon.',
    );
  return pointer;
};
