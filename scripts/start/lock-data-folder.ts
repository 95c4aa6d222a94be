import { join } from 'node:path';
import { quoteWord } from '../../packages/cli/quote-word.ts';
import { type FileLock, lockFile } from '../../packages/database/sqlite.ts';
import { listRunningServices } from '../../packages/platform/running-services.ts';
import { ConfigError } from '../../packages/runtime/config-error.ts';
import { createFolder } from '../../packages/runtime/create-folder.ts';

/**
 * Reserves the data folder for this npm start: a second one would serve the same customers under other addresses, usually because the
 * first one was forgotten. The lock ends with the process, also after kill -9. A single service may use the folder at the same time.
 * @throws ConfigError that names the process which has the folder, or if the folder cannot be used
 */
export const lockDataFolder = (dataDir: string): FileLock => {
  const lock = tryLock(dataDir);
  if (lock) return lock;
  const running = listRunningServices(dataDir);
  const [first] = running;
  const holder = first ? `: process ${first.pid}, ${running.map(({ url }) => url).join(', ')}` : '';
  const means = first ? `Ctrl-C or kill ${first.pid}` : 'Ctrl-C';
  throw new ConfigError(
    `Another npm start uses the data folder ${dataDir}${holder}. Stop it with ${means}, or start this one with other data and other ports: ` +
      `DATA_DIR=${quoteWord(`${dataDir}-2`)} APP_PORT=4005 APP_REST_PORT=4008 CUSTOMER_VIEW_PORT=4010 npm start`,
  );
};

const tryLock = (dataDir: string): FileLock | undefined => {
  try {
    createFolder(dataDir);
    return lockFile(join(dataDir, 'npm-start.lock'));
  } catch (error) {
    throw new ConfigError(
      `DATA_DIR=${dataDir} cannot be used (${(error as Error).message}): give a folder that exists or can be created, and is writable.`,
    );
  }
};
