import type { Kysely } from 'kysely';
import { searchKeys } from '../../crm/customers/index.ts';
import type { CrmDatabase } from '../../crm/database/index.ts';

const rowsPerInsert = 1_000;
const rowsPerTransaction = 50_000;
const importedAt = Date.UTC(2026, 10, 21);
const syllables = [
  'ja',
  'van',
  'de',
  'ber',
  'loo',
  'mul',
  'ler',
  'vis',
  'ser',
  'bak',
  'ker',
  'smit',
  'dij',
  'kstra',
  'pe',
  'ters',
];

/** Creates a generator of numbers from 0 to below 1, the same for the same seed. */
export const createRandom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

/**
 * Creates a row with a realistic, uneven distribution: one customer in seven lives in the largest of 400 cities, many share a name,
 * nine in ten have the time of one import, and half have an e-mail address.
 */
const createRow = (n: number, random: () => number) => {
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T;
  const name = () => Array.from({ length: 1 + Math.floor(random() ** 2 * 4) }, () => pick(syllables)).join('');
  const city = `City ${Math.floor(400 * random() ** 3)}`;
  const person = { firstName: `${pick(syllables)}${pick(syllables)}`, lastName: name(), city };
  const level = random();
  return {
    ...person,
    ...searchKeys(person),
    customerId: n,
    connectionId: String(871_000_000_000_000_000n + BigInt(n)),
    connectionMandate: level < 0.6 ? ('1' as const) : level < 0.9 ? ('0' as const) : ('2' as const),
    email: random() < 0.5 ? `customer${n}@example.org` : null,
    phone: null,
    createdAt: importedAt,
    updatedAt: random() < 0.9 ? importedAt : importedAt + n,
    version: 1,
  };
};

/** Fills an empty database. @param onProgress called with the number of customers so far */
export const fillDatabase = async (
  db: Kysely<CrmDatabase>,
  rows: number,
  seed: number,
  onProgress: (done: number) => void,
) => {
  const random = createRandom(seed);
  for (let done = 0; done < rows; ) {
    await db.transaction().execute(async (trx) => {
      const until = Math.min(done + rowsPerTransaction, rows);
      for (; done < until; ) {
        const count = Math.min(rowsPerInsert, until - done);
        const values = Array.from({ length: count }, (_, n) => createRow(done + n + 1, random));
        await trx.insertInto('customer').values(values).execute();
        done += count;
      }
    });
    onProgress(done);
  }
};
