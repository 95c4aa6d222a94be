import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createSeededRandom } from '../../packages/projections/faults.ts';

const syllables = [
  'an',
  'be',
  'co',
  'da',
  'el',
  'fri',
  'ger',
  'hen',
  'iri',
  'jo',
  'ka',
  'lou',
  'mie',
  'né',
  'ot',
  'pim',
];
const cities = Array.from({ length: 350 }, (_, n) => `City ${n}`);

/** Writes a CSV file of customers in the format of a spreadsheet, each with its own connection, an 18-digit EAN. */
export const writeCustomers = async (file: string, rows: number, seed: number): Promise<void> => {
  const next = createSeededRandom(seed);
  const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T;
  const name = () =>
    `${pick(syllables)}${pick(syllables)}${pick(syllables)}`.replace(/^./, (letter) => letter.toUpperCase());
  const out = createWriteStream(file, { mode: 0o600 });
  out.write('customerId,firstName,lastName,city,connectionId,connectionMandate,email,phone\r\n');
  for (let id = 1; id <= rows; id++) {
    const [first, last, ean] = [name(), name(), `871687${String(id * 7).padStart(12, '0')}`];
    const row = `${id},${first},${last},${pick(cities)},${ean},${pick(['0', '1', '2'])},c${id}@example.org,+31 6 ${10_000_000 + id}\r\n`;
    if (!out.write(row)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
};
