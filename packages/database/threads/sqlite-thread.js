import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { createExecutor } from './execute-sqlite.js';

/** A thread with its own connection, so that waiting for the disk does not block the event loop of the service. */

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const database = new Database(workerData.file, { timeout: 10_000 });
database.exec(workerData.settings);
// From here on the service retries on busy locks, without blocking the thread.
database.exec('PRAGMA busy_timeout = 0');
const execute = createExecutor(database);

port.on('message', (/** @type {import('./execute-sqlite.js').SqliteStatement[] | 'close'} */ request) => {
  try {
    if (request === 'close') database.close();
    port.postMessage(request === 'close' ? [] : execute(request));
    if (request === 'close') port.close();
  } catch (error) {
    const { message, code } = /** @type {Error & { code?: string }} */ (error);
    port.postMessage({ message, code });
  }
});
