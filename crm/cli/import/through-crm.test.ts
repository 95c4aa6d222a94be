import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { followImport } from './through-crm.ts';

const startCrmStub = (...statuses: number[]) => {
  const job = { finishedAt: '2026-11-21T12:00:00.000Z' };
  const server = createServer((_, res) => {
    const status = statuses.shift() ?? 200;
    res.writeHead(status).end(JSON.stringify(status === 200 ? job : { detail: 'There is no import i.' }));
  }).listen(0);
  onTestFinished(() => void server.close());
  return `http://localhost:${(server.address() as AddressInfo).port}`;
};

it('keeps waiting while the CRM answers 503', async () =>
  expect(await followImport(startCrmStub(503), 'i', () => {})).toMatchObject({ finishedAt: expect.any(String) }));

it('fails at once if the CRM no longer has the import', async () =>
  await expect(followImport(startCrmStub(404), 'i', () => {})).rejects.toThrow(
    /There is no import i\.[\s\S]*import the file again/,
  ));
