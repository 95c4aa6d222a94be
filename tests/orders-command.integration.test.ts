import { afterAll, beforeAll, expect, it } from 'vitest';
import { getJson } from './http.ts';
import { dataFolder, startPlatform, startProcess } from './platform-process.ts';

let platform: Awaited<ReturnType<typeof startPlatform>>;
const folder = dataFolder();
beforeAll(async () => {
  platform = await startPlatform({ DATA_DIR: folder, LOG_LEVEL: 'error' });
});
afterAll(() => platform.end('SIGTERM'));

const generate = async (...args: string[]) => {
  const env = { DATA_DIR: folder, CRM_URL: platform.crm };
  const command = startProcess('scripts/orders.ts', env, ['generate', ...args, '--embedded']);
  const code = await command.ended;
  const output = command.output();
  const ends = [...output.matchAll(/^orders-topic +\d+ +(\d+)$/gm)].map(([, end]) => Number(end));
  return { code, output, partitions: ends.length, records: ends.reduce((sum, end) => sum + end, 0) };
};

it('creates orders in the running CRM, shows the end offsets, and creates none twice', async () => {
  const first = await generate('30', '--seed', '7');
  expect(first, first.output).toMatchObject({ code: 0, partitions: 4, records: 30 });
  expect(first.output).toContain('The CRM has 30 orders of seed 7.');
  expect(await generate('30', '--seed', '7')).toMatchObject({ code: 0, records: 30 });
  expect(await generate('40', '--seed', '7', '--rate', '1000')).toMatchObject({ code: 0, records: 40 });
  expect(await generate('5', '--seed', '8')).toMatchObject({ code: 0, records: 45 });
  const exports = await Promise.all(
    Array.from({ length: 8 }, (_, n) => getJson(`${platform.crm}/customers/${n + 1}/export`)),
  );
  expect(exports.flatMap(({ body }) => body.orders)).toHaveLength(45);
});

it('says what to do when no CRM answers', async () => {
  const { code, output } = await generate('5', '--crm', 'http://127.0.0.1:9');
  expect(code).toBe(1);
  expect(output).toMatch(/The CRM does not answer at http:\/\/127\.0\.0\.1:9 .*: start it \(npm start\)/);
});
