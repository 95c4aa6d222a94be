import type { Kysely, Transaction } from 'kysely';
import type { CrmDatabase } from '../../database/index.ts';
import type { Customer } from '../customer.ts';

/** Of a customer that was deleted before, the number and the connections are all that is known. */
export type Person = {
  readonly customerId: number;
  /** Every connection that the person ever had. */
  readonly connectionIds: readonly string[];
  readonly record: Customer | undefined;
};

/** A place beside the record that holds something of a person: a new place declares it. */
export type PersonalDataSource = {
  /** All of it, some at a time, ready for JSON. Not from one transaction: a slow client must not keep one open. */
  readonly read: (db: Kysely<CrmDatabase>, person: Person) => AsyncIterable<readonly unknown[]>;
  /** Leaves nothing there that names the person, in the transaction of the erasure: for a place that holds little of one person. */
  readonly erase?: (trx: Transaction<CrmDatabase>, person: Person) => Promise<void>;
  /**
   * The same in many short transactions after that of the erasure, or of a deletion: for a place where only the record
   * finds the person. It may be repeated: after a kill, or after `stop` ended it, it begins again.
   */
  readonly eraseInBatches?: (db: Kysely<CrmDatabase>, person: Person, stop?: AbortSignal) => Promise<void>;
};

/** By the names that an export gives them. */
export type PersonalDataSources = Readonly<Record<string, PersonalDataSource>>;
