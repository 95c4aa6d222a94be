import { openSqlite } from '../../packages/database/sqlite.ts';

/** A child process that copies a database in one read transaction when it receives a message. The copy blocks the process. */
const [source = '', target = ''] = process.argv.slice(2);
const send = (message: 'ready' | 'done' | { error: string }) => process.send?.(message);

try {
  const database = openSqlite(source);
  // With a small cache the target grows as soon as the transaction has begun.
  database.exec('PRAGMA cache_size = -1000');
  process.once('message', () => {
    try {
      database.prepare('VACUUM INTO ?').run(target);
      send('done');
    } catch (error) {
      send({ error: (error as Error).message });
    }
    database.close();
    process.disconnect();
  });
  send('ready');
} catch (error) {
  send({ error: (error as Error).message });
  process.disconnect();
}
