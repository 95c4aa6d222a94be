import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { installPackages } from '../debian-package.ts';
import { findProgram } from '../find-program.ts';
import type { Part, Say } from '../part.ts';
import { runCommand } from '../run-command.ts';
import { settings } from '../settings.ts';
import { converse } from '../tcp-probe.ts';

const port = settings.mysqlPort;

// Run at each start, before the port opens. The collation compares bytes: no two keys are taken for one.
const firstStatements = join(import.meta.dirname, '../databases.sql');

// MariaDB and MySQL refuse to run as root unless told; the data is ours, and only loopback is listened to.
const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];

const prepare = async (folder: string, say: Say) => {
  if (!(await findServer())) await installPackages(['mariadb-server-core', 'mariadb-client-core'], say);
  const program = await findServer();
  if (!program) throw new Error('Neither mariadbd nor mysqld is on PATH: install MariaDB 10.6 or MySQL 8, or later.');
  const data = join(folder, 'data');
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  if (!existsSync(data)) await createData(program, data, say);
  const listen = [`--port=${port}`, '--bind-address=127.0.0.1', '--loose-mysqlx=OFF', '--skip-name-resolve'];
  // A relative socket is made in the data folder; an absolute path could be longer than the system allows.
  const files = [`--datadir=${data}`, '--socket=mysql.sock', '--pid-file=mysql.pid', `--init-file=${firstStatements}`];
  // A server that starts removes what it takes for its own left-overs, another's in /tmp too.
  files.push(`--tmpdir=${temporary}`);
  return { program, args: ['--no-defaults', ...asRoot, ...files, ...listen, '--max-connections=500'] };
};

// The installer asks my_print_defaults, which Debian packs with the client.
const findServer = async () => (await findProgram('my_print_defaults')) && findProgram('mariadbd', 'mysqld');

const createData = async (server: string, data: string, say: Say): Promise<void> => {
  say('creating its system tables');
  const unfinished = `${data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const mariaDb = await findProgram('mariadb-install-db');
  const ways = mariaDb ? ['--skip-test-db', '--skip-name-resolve'] : ['--initialize'];
  await runCommand(mariaDb ?? server, ['--no-defaults', ...asRoot, `--datadir=${unfinished}`, ...ways]);
  await rename(unfinished, data);
};

export const mysql: Part = {
  title: 'MariaDB or MySQL',
  port,
  portVariable: 'MYSQL_PORT',
  prepare,
  probe: async () => {
    // The server speaks first: a header of four bytes, the protocol (10), the version and a NUL.
    const greeting = await converse(port, undefined, (text) => text.includes('\0', 5));
    if (greeting?.charCodeAt(4) !== 10) return undefined;
    return greeting.slice(5, greeting.indexOf('\0', 5)).replace(/^5\.5\.5-/, '');
  },
};
