import { expect, it } from 'vitest';
import { parseMysqlAddress, showDatabaseUrl } from '../../packages/database/database-url.ts';
import { readCrmConfig } from '../config.ts';

it('parses a MySQL address with escaped characters', () => {
  expect(parseMysqlAddress('mysql://crm:p%40ss%2Fword@db.example.org:3307/customers')).toEqual({
    host: 'db.example.org',
    port: 3307,
    user: 'crm',
    password: 'p@ss/word',
    database: 'customers',
  });
  expect(parseMysqlAddress('mysql://crm@[::1]/crm')).toMatchObject({ host: '::1', port: 3306, password: '' });
});

it.each([
  'mysql://',
  'mysql://host/crm',
  'mysql://crm:secret@host',
  'mysql://crm:secret@host/a/b',
  'mysql://crm:se%cret@host/crm',
  'mysql://crm:secret@host:port/crm',
  'mysql://crm:secret@host/crm?ssl=true',
  'postgres://crm:secret@host/crm',
  'sqlite:',
])('refuses %s with the accepted forms, and never shows the password', (url) => {
  const read = () => readCrmConfig({ CRM_DATABASE_URL: url });
  expect(read).toThrow('CRM_DATABASE_URL: memory, sqlite: and a file name, or mysql://');
  expect(read).not.toThrow(/secret|se%cret/);
});

it('shows a database URL without its password', () => {
  expect(showDatabaseUrl('mysql://crm:secret@host/crm')).toBe('mysql://crm@host/crm');
  expect(showDatabaseUrl('mysql://crm@host/crm')).toBe('mysql://crm@host/crm');
  expect(showDatabaseUrl('sqlite:a:b@c')).toBe('sqlite:a:b@c');
});
