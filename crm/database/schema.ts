import type { Generated } from 'kysely';

/** A customer as the API shows it, but for its number. */
export type CustomerTable = {
  customerId: Generated<number>;
  firstName: string;
  lastName: string;
  city: string;
  connectionId: string;
  connectionMandate: '0' | '1' | '2';
};

/** The last revision of each connection that ever was: it outlives the customer, so that it can only grow. */
export type ConnectionTable = { connectionId: string; revision: number };

/** Events that were committed and not yet acknowledged by the event bus; `createdAt` in ms since 1970. */
export type OutboxTable = {
  sequence: Generated<number>;
  id: string;
  topic: string;
  eventKey: string;
  event: string;
  createdAt: number;
};

/** Files that were imported to their end, by the SHA-256 of their bytes; `importedAt` in ms since 1970. */
export type ImportedFileTable = { digest: string; importedAt: number };

export type CrmDatabase = {
  customer: CustomerTable;
  connection: ConnectionTable;
  outbox: OutboxTable;
  importedFile: ImportedFileTable;
};
