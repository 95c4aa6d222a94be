import { expect, it } from 'vitest';
import { mapMysqlError } from '../../packages/database/mysql/mysql-pool.ts';
import { explainTriggerError } from './append-only.ts';

const fromServer = (code: string, errno: number) => mapMysqlError(Object.assign(new Error('x'), { code, errno }));

it('says what to set when a server refuses triggers', () => {
  for (const [code, errno] of [
    ['ER_BINLOG_CREATE_ROUTINE_NEED_SUPER', 1419],
    ['ER_TABLEACCESS_DENIED_ERROR', 1142],
  ] as const)
    expect(() => explainTriggerError(fromServer(code, errno))).toThrow(/log_bin_trust_function_creators = 1/);
});

it('accepts a trigger that a killed migration has created, and no other failure', () => {
  expect(() => explainTriggerError(fromServer('ER_TRG_ALREADY_EXISTS', 1359))).not.toThrow();
  expect(() => explainTriggerError(fromServer('ER_PARSE_ERROR', 1064))).toThrow('ER_PARSE_ERROR');
});
