import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { followImport } from './through-crm.ts';

const answering = (...statuses: number[]) => {
  const job = { finishedAt: '2026-11-21T12:00:00.000Z' };
  const server = createServer((_, res) => {
    const status = statuses.shift() ?? 200;
    res.writeHead(status).end(JSON.stringify(status === 200 ? job : { detail: 'There is no import i.' }));
  }).listen(0);
  onTestFinished(() => void server.close());
  return `http://localhost:${(server.address() as AddressInfo).port}`;
};

it('waits for a CRM whose database is away', async () =>
  expect(await followImport(answering(503), 'i', () => {})).toMatchObject({ finishedAt: expect.any(String) }));

it('says at once that the CRM does not know the import any more', async () =>
  await expect(followImport(answering(404), 'i', () => {})).rejects.toThrow(
    /There is no import i\.[\s\S]*import the file again/,
  ));
