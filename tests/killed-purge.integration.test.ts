import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { eventually } from './eventually.ts';
import { dataFolder, programWords, startProgram } from './platform-process.ts';

const name = 'Quirine';
const fileIn = (folder: string) => join(folder, 'platform.sqlite');
const open = (folder: string) => openEmbeddedPlatform(fileIn(folder), Object.values(topics), { purgeDelayMs: 0 });
/** Whether the name is anywhere in the bytes of the files of the folder. */
const holdsName = (folder: string) =>
  readdirSync(folder).some((file) => readFileSync(join(folder, file)).includes(name));

it('a purge killed before any of its statements is completed by the next start', async () => {
  const template = dataFolder();
  const platform = open(template);
  // The value fills several pages, whose bytes stay in free pages when it is removed.
  const value = Buffer.from(`${name} `.repeat(1_500));
  await platform.eventBus('crm').publish(topics.customers.name, [{ id: '1', key: '7', value }]);
  platform.close();
  expect(holdsName(template)).toBe(true);

  const killAt = async (statement: number) => {
    const folder = dataFolder();
    cpSync(template, folder, { recursive: true });
    const args = [...programWords('tests/purge-until-killed.ts'), fileIn(folder), '7', String(statement)];
    const end = await startProgram(process.execPath, args, {}).ended;
    const heldNameWhenKilled = holdsName(folder);
    const next = open(folder);
    await eventually(() => expect(holdsName(folder)).toBe(false));
    next.close();
    return { end, heldNameWhenKilled };
  };
  const outcomes: Awaited<ReturnType<typeof killAt>>[] = [];
  for (let statement = 1; outcomes.at(-1)?.end !== 0; statement++) outcomes.push(await killAt(statement));
  expect(new Set(outcomes.slice(0, -1).map(({ end }) => end))).toEqual(new Set(['SIGKILL']));
  expect(outcomes[0]).toMatchObject({ heldNameWhenKilled: true });
  expect(outcomes.at(-1)).toMatchObject({ heldNameWhenKilled: false });
});
