import { afterEach, expect, it, vi } from 'vitest';
import { noon, testWorld } from '../../tests/test-world.ts';
import { openCrmDatabase } from '../database/open-database.ts';
import { keepForgetting } from './keep-forgetting.ts';

const day = 24 * 60 * 60 * 1000;
afterEach(() => void vi.useRealTimers());

it('removes answers that are a day old, at the start and every hour', async () => {
  vi.useFakeTimers();
  const { setClock, ...world } = testWorld();
  const db = await openCrmDatabase('memory');
  const store = (keyDigest: string, createdAt: number) =>
    db
      .insertInto('storedAnswer')
      .values({ keyDigest, contentDigest: null, customerId: null, answer: null, createdAt })
      .execute();
  const left = async () =>
    (await db.selectFrom('storedAnswer').select('keyDigest').execute()).map((row) => row.keyDigest);
  await store('old', noon - day);
  await store('new', noon - day + 1);

  const forgetting = keepForgetting({ ...world, db });
  await vi.waitFor(async () => expect(await left()).toEqual(['new']));
  setClock(noon + 1);
  await vi.advanceTimersByTimeAsync(60 * 60 * 1000);
  await vi.waitFor(async () => expect(await left()).toEqual([]));
  await forgetting.close();
  await db.destroy();
});
