import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { installPackages } from '../debian-package.ts';
import { findProgram } from '../find-program.ts';
import type { Part, Report } from '../part.ts';
import { runCommand } from '../run-command.ts';
import { settings } from '../settings.ts';
import { probeTcp } from '../tcp-probe.ts';

const port = settings.mysqlPort;

// The server runs it at each start, before it opens the port. The collation compares bytes, so no two keys are equal.
const initFile = join(import.meta.dirname, '../databases.sql');

// MariaDB and MySQL run as root only with this option. It is safe here: they listen on loopback alone.
const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];

const prepare = async (folder: string, report: Report) => {
  if (!(await findServer())) await installPackages(['mariadb-server-core', 'mariadb-client-core'], report);
  const program = await findServer();
  if (!program) throw new Error('Neither mariadbd nor mysqld is on PATH: install MariaDB 10.6 or MySQL 8, or later.');
  const data = join(folder, 'data');
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  if (!existsSync(data)) await initialiseData(program, data, report);
  const listen = [`--port=${port}`, '--bind-address=127.0.0.1', '--loose-mysqlx=OFF', '--skip-name-resolve'];
  // A relative socket is created in the data folder; an absolute path could exceed the limit of about 100 characters.
  const files = [`--datadir=${data}`, '--socket=mysql.sock', '--pid-file=mysql.pid', `--init-file=${initFile}`];
  // A starting server deletes old temporary files, in /tmp also those of another server.
  files.push(`--tmpdir=${temporary}`);
  return { program, args: ['--no-defaults', ...asRoot, ...files, ...listen, '--max-connections=500'] };
};

// mariadb-install-db needs my_print_defaults, which is in Debian's client package.
const findServer = async () => (await findProgram('my_print_defaults')) && findProgram('mariadbd', 'mysqld');

const initialiseData = async (server: string, data: string, report: Report): Promise<void> => {
  report('creating the system tables');
  const unfinished = `${data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const mariaDb = await findProgram('mariadb-install-db');
  const options = mariaDb ? ['--skip-test-db', '--skip-name-resolve'] : ['--initialize'];
  await runCommand(mariaDb ?? server, ['--no-defaults', ...asRoot, `--datadir=${unfinished}`, ...options]);
  await rename(unfinished, data);
};

export const mysql: Part = {
  title: 'MariaDB or MySQL',
  port,
  portVariable: 'MYSQL_PORT',
  prepare,
  probe: async () => {
    // The server sends the first packet: a header of four bytes, the protocol version (10), the server version and a NUL.
    const greeting = await probeTcp(port, undefined, (text) => text.includes('\0', 5));
    if (greeting?.charCodeAt(4) !== 10) return undefined;
    return greeting.slice(5, greeting.indexOf('\0', 5)).replace(/^5\.5\.5-/, '');
  },
};
