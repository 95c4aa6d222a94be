import { DomainError } from '../runtime/domain-error.ts';

/** What is wrong, for any client, and what to do about it. Neither names a file: the log and a command's output do. */
const troubles = {
  'database-away': ['The database does not answer.', 'try again in a moment'],
  'database-busy': ['The database is busy with other work.', 'try again in a moment'],
  'database-conflict': ['Other changes came between, again and again.', 'try again in a moment'],
  'storage-full': [
    'There is no space left on the disk that holds the data.',
    'make space on that disk, then send it again; nothing needs a restart',
  ],
  'storage-failed': [
    'The disk that holds the data cannot be read or written.',
    'look at that disk and at the log of the service, then try again',
  ],
  'database-read-only': [
    'The database file cannot be written.',
    'let the user of the service write the file and its folder, then restart the service',
  ],
  'database-replaced': [
    'The database file was removed or replaced under the running service, so nothing more is read from it or written to it.',
    'restart the service, after npm run restore where the file is lost',
  ],
  'database-stopped': ['The service has lost its connection to the database file.', 'restart the service'],
  'database-damaged': ['The database file is damaged.', 'stop the service and restore a backup: npm run restore'],
} as const;

export type DatabaseErrorCode = keyof typeof troubles;

/** Every code, for the description of an API. */
export const databaseErrorCodes = Object.keys(troubles) as DatabaseErrorCode[];

/** Those of a file on a disk of ours. */
export type DiskErrorCode = Exclude<
  DatabaseErrorCode,
  'database-away' | 'database-busy' | 'database-conflict' | 'database-stopped'
>;

/**
 * Not the request's fault, and it may be asked again. `database-away`, `database-stopped`, `storage-failed`: nothing is known of what was asked.
 * `database-busy`: another transaction takes long, and nothing was done. `database-conflict`: another transaction came
 * between, and nothing was done. `cause` is for the log alone.
 */
export class TransientDatabaseError extends DomainError {
  declare readonly code: DatabaseErrorCode;
  constructor(code: DatabaseErrorCode, cause: Error) {
    const [message, remedy] = troubles[code];
    super(code, message, { remedy, cause });
    this.name = 'DatabaseTrouble';
  }
}

/** For the person who starts a service or a command: with the cause, and with what to do. */
export const describeDatabaseError = ({ message, cause, remedy }: TransientDatabaseError): string =>
  `${message} ${(cause as Error).message}. What to do: ${remedy}.`;
