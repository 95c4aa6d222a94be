import type { Kysely, Transaction } from 'kysely';
import type { CrmDatabase } from '../../database/schema.ts';
import type { Customer } from '../customer.ts';

/** Of a customer that was deleted before, the number and the connections are all that is known. */
export type Person = {
  readonly customerId: number;
  /** Every connection that the person ever had. */
  readonly connectionIds: readonly string[];
  readonly record: Customer | undefined;
};

/** A place beside the record that holds something of a person. Whoever adds such a place declares it. */
export type Holding = {
  /** All of it, ready for JSON. */
  readonly read: (db: Kysely<CrmDatabase>, person: Person) => Promise<unknown>;
  /** Whether it needs the record to find the person there: then it is emptied when the record goes, for later is too late. */
  readonly foundByRecord?: true;
  /** Leaves nothing there that names the person. */
  readonly erase: (trx: Transaction<CrmDatabase>, person: Person) => Promise<void>;
};

/** By the names that an export gives them. */
export type Holdings = Readonly<Record<string, Holding>>;
