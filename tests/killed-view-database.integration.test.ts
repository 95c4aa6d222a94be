import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { dataFolder, programWords, startProgram } from './platform-process.ts';
import { openLaterThingViews, openThingViews } from './thing-views.ts';

const checkpoint = 'position:things:topic:0';
const owner = 'Quirine Quintessence';
const names = (folder: string) =>
  Buffer.concat(readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`))).includes(owner);

const createTemplate = async (keys: readonly string[]) => {
  const folder = dataFolder();
  const { things, close } = await openThingViews(`sqlite:${folder}/views.sqlite`);
  const documents = keys.map((key, n) => ({ key, value: { n, owner: `${owner} ${n}` } }));
  await things.transact([...documents, { key: checkpoint, value: { applied: 1 } }]);
  await close();
  return folder;
};

/** Kills the change before each of its statements that is not a query, one after the other, until it runs to its end. `check` returns what it found. */
const killBeforeEach = async <Found>(
  template: string,
  change: string,
  check: (folder: string) => Promise<Found>,
): Promise<Found[]> => {
  const killAt = async (statement: number) => {
    const folder = dataFolder();
    cpSync(template, folder, { recursive: true });
    const program = programWords('tests/change-views-until-killed.ts');
    const args = [...program, `${folder}/views.sqlite`, change, `${statement}`];
    const process_ = startProgram(process.execPath, args, {});
    const end = await process_.ended;
    if (end !== 0) expect(end, process_.output()).toBe('SIGKILL');
    return { end, found: await check(folder) };
  };
  const found: Found[] = [];
  for (let statement = 1; ; statement += 2) {
    const ends = await Promise.all([killAt(statement), killAt(statement + 1)]);
    found.push(...ends.map((one) => one.found));
    if (ends.some(({ end }) => end === 0)) return found;
  }
};

it('a transaction killed at any statement has written documents and checkpoint, or nothing, and no erased name stays', async () => {
  const found = await killBeforeEach(await createTemplate(['a']), 'erase', async (folder) => {
    const { things, hasErasedBytes, close } = await openThingViews(`sqlite:${folder}/views.sqlite`);
    const isPending = await hasErasedBytes();
    const held = await things.getMany(['a', 'new', checkpoint]);
    const values = Object.fromEntries([...held].map(([key, { value }]) => [key, value]));
    const isCommitted = held.has('new');
    if (isCommitted)
      expect(values).toEqual({ a: { n: 2, isErased: true }, new: { n: 2 }, [checkpoint]: { applied: 2 } });
    else expect(values).toEqual({ a: { n: 0, owner: `${owner} 0` }, [checkpoint]: { applied: 1 } });
    await eventually(async () => expect(await hasErasedBytes()).toBe(false));
    await close();
    expect(names(folder)).toBe(!isCommitted);
    return { isCommitted, isPending };
  });
  expect(new Set(found.map(({ isCommitted }) => isCommitted))).toEqual(new Set([true, false]));
  expect(found.filter(({ isPending }) => isPending).length).toBeGreaterThan(1);
});

it('a new column whose addition is killed at any statement is filled by the next start', async () => {
  const keys = Array.from({ length: 700 }, (_, n) => `K${n}`);
  const found = await killBeforeEach(await createTemplate(keys), 'upgrade', async (folder) => {
    const later = await openLaterThingViews(`sqlite:${folder}/views.sqlite`);
    const rows = await later.db.selectFrom('things').select(['n', 'owner']).execute();
    expect(rows.map((row) => row.owner)).toEqual(rows.map(({ n }) => `${owner} ${n}`));
    await later.close();
    return rows.length;
  });
  expect(new Set(found)).toEqual(new Set([700]));
  expect(found.length).toBeGreaterThan(10);
});
