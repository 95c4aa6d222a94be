import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { createExecutor } from './execute-sqlite.js';

/** A thread with a connection of its own: here SQLite may wait for the disk, and the event loop of the service does not. */

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const database = new Database(workerData.file, { timeout: 10_000 });
database.exec(workerData.settings);
// From here on the service itself waits for the locks of others, without blocking the thread.
database.exec('PRAGMA busy_timeout = 0');
const execute = createExecutor(database);

port.on('message', (/** @type {import('./execute-sqlite.js').SqliteStatement | 'close'} */ asked) => {
  try {
    if (asked === 'close') database.close();
    port.postMessage(asked === 'close' ? { rows: [] } : execute(asked));
    if (asked === 'close') port.close();
  } catch (error) {
    const { message, code } = /** @type {Error & { code?: string }} */ (error);
    port.postMessage({ message, code });
  }
});
