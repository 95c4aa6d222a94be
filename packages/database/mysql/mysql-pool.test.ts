import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { mapMysqlError, openMysqlPool } from './mysql-pool.ts';

const mapError = (code: string, message: string, more: object = {}) =>
  mapMysqlError(
    Object.assign(new Error(message), { code, errno: 1, sql: "insert into t values ('Corinne')", ...more }),
  );
const everything = (error: Error) =>
  `${error.message} ${(error.cause as Error | undefined)?.message} ${JSON.stringify(error)}`;

it('mapped errors contain neither statements nor values', () => {
  for (const error of [
    mapError('ER_DUP_ENTRY', "Duplicate entry 'Corinne' for key 'name'"),
    mapError('ER_TRUNCATED_WRONG_VALUE', "Incorrect integer value: 'Corinne' for column 'n'"),
    mapError('ER_PARSE_ERROR', "You have an error near 'Corinne'"),
    mapError('ER_NO_SUCH_TABLE', "Table 'crm.customer' doesn't exist"),
  ])
    expect(everything(error)).not.toContain('Corinne');
  expect(mapError('ER_NO_SUCH_TABLE', "Table 'crm.customer' doesn't exist").message).toContain('crm.customer');
});

it.each([
  ['ER_LOCK_DEADLOCK', {}, 'database-conflict'],
  ['ER_LOCK_WAIT_TIMEOUT', {}, 'database-conflict'],
  ['ER_DUP_ENTRY', {}, 'database-conflict'],
  ['ECONNREFUSED', { syscall: 'connect' }, 'database-away'],
  ['PROTOCOL_CONNECTION_LOST', { fatal: true }, 'database-away'],
  ['ER_CON_COUNT_ERROR', {}, 'database-away'],
  ['ER_PARSE_ERROR', {}, undefined],
])('the MySQL error %s %j is mapped to %s', (code, more, expected) =>
  expect((mapError(code, 'x', more) as { code?: string }).code).toBe(expected));

it('a server that accepts connections and never responds fails after the timeout', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as { port: number };
  const address = { host: '127.0.0.1', port, user: 'crm', password: 'secret', database: 'crm' };
  const pool = openMysqlPool(address, { connectTimeoutMs: 100 });
  onTestFinished(() => new Promise<void>((resolve) => pool.end(() => silent.close(() => resolve()))));
  const failure = await new Promise<Error>((resolve) => pool.getConnection((error) => resolve(error as Error)));
  expect(mapMysqlError(failure)).toMatchObject({ code: 'database-away' });
});
