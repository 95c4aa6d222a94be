const messages = {
  'database-away': 'The database does not answer.',
  'database-busy': 'The database is busy with other work.',
  'database-conflict': 'Other changes came between, again and again.',
};

/**
 * Not the request's fault, and it may be asked again. `database-away`: nothing is known of what was asked.
 * `database-busy`: another transaction takes long, and nothing was done. `database-conflict`: another transaction came
 * between, and nothing was done. `cause` is for the log alone.
 */
export class DatabaseTrouble extends Error {
  readonly code: keyof typeof messages;
  constructor(code: DatabaseTrouble['code'], cause: Error) {
    super(messages[code]);
    this.name = 'DatabaseTrouble';
    this.code = code;
    this.cause = cause;
  }
}
