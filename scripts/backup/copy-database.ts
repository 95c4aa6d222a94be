import { openSqlite } from '../../packages/database/sqlite.ts';

/** A process that copies a database in one read transaction, which begins when it is told to. It blocks while it does. */
const [source = '', target = ''] = process.argv.slice(2);
const tell = (message: 'ready' | 'done' | { error: string }) => process.send?.(message);

try {
  const database = openSqlite(source);
  // Little stays in memory, so that the target grows as soon as the transaction has begun.
  database.exec('PRAGMA cache_size = -1000');
  process.once('message', () => {
    try {
      database.prepare('VACUUM INTO ?').run(target);
      tell('done');
    } catch (error) {
      tell({ error: (error as Error).message });
    }
    database.close();
    process.disconnect();
  });
  tell('ready');
} catch (error) {
  tell({ error: (error as Error).message });
  process.disconnect();
}
