/**
 * Not the request's fault, and it may be asked again. `database-away`: nothing is known of what was asked.
 * `database-conflict`: another transaction came between, and nothing was done. `cause` is for the log alone.
 */
export class DatabaseTrouble extends Error {
  readonly code: 'database-away' | 'database-conflict';
  constructor(code: DatabaseTrouble['code'], cause: Error) {
    super(code === 'database-away' ? 'The database does not answer.' : 'Other changes came between, again and again.');
    this.name = 'DatabaseTrouble';
    this.code = code;
    this.cause = cause;
  }
}
