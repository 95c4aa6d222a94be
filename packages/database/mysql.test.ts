import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { explainMysqlError, openMysqlPool } from './mysql.ts';

const told = (code: string, message: string, more: object = {}) =>
  explainMysqlError(
    Object.assign(new Error(message), { code, errno: 1, sql: "insert into t values ('Corinne')", ...more }),
  );
const everything = (error: Error) =>
  `${error.message} ${(error.cause as Error | undefined)?.message} ${JSON.stringify(error)}`;

it('neither statements nor values are in what may be logged', () => {
  for (const error of [
    told('ER_DUP_ENTRY', "Duplicate entry 'Corinne' for key 'name'"),
    told('ER_TRUNCATED_WRONG_VALUE', "Incorrect integer value: 'Corinne' for column 'n'"),
    told('ER_PARSE_ERROR', "You have an error near 'Corinne'"),
    told('ER_NO_SUCH_TABLE', "Table 'crm.customer' doesn't exist"),
  ])
    expect(everything(error)).not.toContain('Corinne');
  expect(told('ER_NO_SUCH_TABLE', "Table 'crm.customer' doesn't exist").message).toContain('crm.customer');
});

it.each([
  ['ER_LOCK_DEADLOCK', {}, 'database-conflict'],
  ['ER_LOCK_WAIT_TIMEOUT', {}, 'database-conflict'],
  ['ER_DUP_ENTRY', {}, 'database-conflict'],
  ['ECONNREFUSED', { syscall: 'connect' }, 'database-away'],
  ['PROTOCOL_CONNECTION_LOST', { fatal: true }, 'database-away'],
  ['ER_CON_COUNT_ERROR', {}, 'database-away'],
  ['ER_PARSE_ERROR', {}, undefined],
])('%s %j is %s', (code, more, trouble) => expect((told(code, 'x', more) as { code?: string }).code).toBe(trouble));

it('a server that accepts and says nothing is given up after a while', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as { port: number };
  const address = { host: '127.0.0.1', port, user: 'crm', password: 'secret', database: 'crm' };
  const pool = openMysqlPool(address, { connectWithinMs: 100 });
  onTestFinished(() => new Promise<void>((resolve) => pool.end(() => silent.close(() => resolve()))));
  const failure = await new Promise<Error>((resolve) => pool.getConnection((error) => resolve(error as Error)));
  expect(explainMysqlError(failure)).toMatchObject({ code: 'database-away' });
});
