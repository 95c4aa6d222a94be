import express from 'express';
import request from 'supertest';
import { expect, it } from 'vitest';
import { sendProblem } from '../http/server/problem.ts';
import { type DatabaseErrorCode, databaseErrorCodes, TransientDatabaseError } from './database-error.ts';

it.each(
  databaseErrorCodes,
)('%s is answered as a temporary failure with a remedy and without its cause', async (code) => {
  const app = express();
  app.get('/', (_, res) => void sendProblem(res, new TransientDatabaseError(code, new Error('/data/crm.sqlite')), {}));
  const answer = await request(app).get('/');
  const expected: Partial<Record<DatabaseErrorCode, number>> = { 'storage-full': 507 };
  expect(answer.status).toBe(expected[code] ?? 503);
  expect(answer.body).toMatchObject({ type: `urn:problem:${code}`, remedy: expect.any(String) });
  expect(answer.get('Retry-After')).toBeDefined();
  expect(answer.text).not.toContain('crm.sqlite');
});
