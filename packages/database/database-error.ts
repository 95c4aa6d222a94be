import { DomainError } from '../runtime/domain-error.ts';

/** Detail and remedy per code, for any client. They name no file; the log and the output of commands do. */
const descriptions = {
  'database-away': ['The database does not answer.', 'try again in a moment'],
  'database-busy': ['Another transaction holds the lock of the database.', 'try again in a moment'],
  'database-conflict': ['Concurrent changes conflicted repeatedly.', 'try again in a moment'],
  'storage-full': [
    'There is no space left on the disk that holds the data.',
    'free space on that disk, then send the request again; no restart is needed',
  ],
  'storage-failed': [
    'The disk that holds the data cannot be read or written.',
    'check that disk and the log of the service, then try again',
  ],
  'database-read-only': [
    'The database file cannot be written.',
    'make the file and its folder writable for the user of the service, then restart the service',
  ],
  'database-replaced': [
    'The database file was removed or replaced while the service was running, so the service no longer uses it.',
    'restart the service; if the file is lost, run npm run restore first',
  ],
  'database-stopped': ['The service has lost its connection to the database file.', 'restart the service'],
  'database-damaged': ['The database file is damaged.', 'stop the service and restore a backup: npm run restore'],
} as const;

export type DatabaseErrorCode = keyof typeof descriptions;

/** All codes, for the API description. */
export const databaseErrorCodes = Object.keys(descriptions) as DatabaseErrorCode[];

/** The codes of a database file on a local disk. */
export type DiskErrorCode = Exclude<
  DatabaseErrorCode,
  'database-away' | 'database-busy' | 'database-conflict' | 'database-stopped'
>;

/**
 * A failure of the database, after which the client may retry. `database-away`, `database-stopped`, `storage-failed`: the change may
 * or may not be applied. `database-busy`: a lock was held too long; nothing was applied. `database-conflict`: a concurrent
 * transaction conflicted; nothing was applied. `cause` is for the log only.
 */
export class TransientDatabaseError extends DomainError {
  declare readonly code: DatabaseErrorCode;
  constructor(code: DatabaseErrorCode, cause: Error) {
    const [message, remedy] = descriptions[code];
    super(code, message, { remedy, cause });
    this.name = 'TransientDatabaseError';
  }
}

/** The message for the terminal, with cause and remedy. */
export const describeDatabaseError = ({ message, cause, remedy }: TransientDatabaseError): string =>
  `${message} ${(cause as Error).message}. What to do: ${remedy}.`;
