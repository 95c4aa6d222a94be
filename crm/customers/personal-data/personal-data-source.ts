import type { Kysely, Transaction } from 'kysely';
import type { CrmDatabase } from '../../database/index.ts';
import type { Customer } from '../customer.ts';

/** A current or former customer. A deleted customer has no `record`, only the number and the connections. */
export type Person = {
  readonly customerId: number;
  /** Every connection that the person ever had. */
  readonly connectionIds: readonly string[];
  readonly record: Customer | undefined;
};

/** A place outside the customer's record that stores personal data. Every new place of that kind must declare one. */
export type PersonalDataSource = {
  /** Reads the data in pages, ready for JSON. Pages are read in separate transactions, because a client may be slow. */
  readonly read: (db: Kysely<CrmDatabase>, person: Person) => AsyncIterable<readonly unknown[]>;
  /** Erases the data in the transaction of the erasure. For a place that stores little about one person. */
  readonly erase?: (trx: Transaction<CrmDatabase>, person: Person) => Promise<void>;
  /**
   * Erases the data in many short transactions, after the transaction of an erasure or a deletion. For a place that is
   * searched by the data of the record. It can be repeated: after a kill, or an abort by `stop`, it starts again.
   */
  readonly eraseInBatches?: (db: Kysely<CrmDatabase>, person: Person, stop?: AbortSignal) => Promise<void>;
};

/** The sources by their names in an export. */
export type PersonalDataSources = Readonly<Record<string, PersonalDataSource>>;
