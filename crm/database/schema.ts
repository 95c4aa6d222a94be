import type { Generated } from 'kysely';

/** Times are in ms since 1970 here and in every table. */
export type CustomerTable = {
  customerId: Generated<number>;
  firstName: string;
  lastName: string;
  city: string;
  connectionId: string;
  connectionMandate: '0' | '1' | '2';
  email: string | null;
  phone: string | null;
  createdAt: number;
  updatedAt: number;
  /** 1 at first, and one more with each change. */
  version: number;
  /** Last and first name, and the city, folded: what people look for, and sort by. */
  nameKey: string;
  cityKey: string;
};

/** The last revision of each connection that ever was: it outlives the customer, so that it can only grow. */
export type ConnectionTable = { connectionId: string; revision: number };

/**
 * Evidence of consent: every mandate that was ever in force, under the revision that announced it. It outlives the
 * customer, and names a person only by number.
 */
export type MandateChangeTable = {
  connectionId: string;
  revision: number;
  customerId: number;
  connectionMandate: '0' | '1' | '2';
  changedAt: number;
  changedBy: string | null;
  channel: string | null;
  reference: string | null;
};

/** Events that were committed and not yet acknowledged by the event bus; `event` as crm/outbox/event-column.ts writes it. */
export type OutboxTable = {
  sequence: Generated<number>;
  id: string;
  topic: string;
  eventKey: string;
  event: string;
  createdAt: number;
};

/** Files that were imported to their end, by the SHA-256 of their bytes. */
export type ImportedFileTable = { digest: string; importedAt: number };

/**
 * Which process does a work that only one may do at a time. `expiresAt` is no time: it changes with every renewal.
 */
export type RelayLeaseTable = { name: string; holder: string; expiresAt: number };

/**
 * What was answered to an attempt that carried an idempotency key, both as SHA-256. An erasure empties all but the key;
 * `customerId`: the customer that the answer is about.
 */
export type StoredAnswerTable = {
  keyDigest: string;
  contentDigest: string | null;
  customerId: number | null;
  answer: string | null;
  createdAt: number;
};

/** Who was erased: the number that is left of them. */
export type ErasedCustomerTable = { customerId: number; erasedAt: number };

/**
 * What a deletion or an erasure still has to do after its transaction. `person` is whom to look for (JSON), null once no row
 * is left; `erasesBytes`: 1 when the freed bytes of the file must go as well. `requests` grows with each request.
 */
export type ErasureJobTable = { customerId: number; person: string | null; erasesBytes: 0 | 1; requests: number };

/**
 * An import and how far it is. Rows with an id are its first pass, those without its second; `line` is the last one of the
 * pass that is committed. `columns` is a JSON list, as in the file's header.
 */
export type ImportJobTable = {
  importId: string;
  fileName: string;
  digest: string;
  bytes: number;
  lines: number;
  columns: string;
  onConflict: 'skip' | 'update' | 'fail';
  dryRun: 0 | 1;
  state: 'waiting' | 'running' | 'finished' | 'failed';
  failure: string | null;
  pass: 1 | 2;
  line: number;
  bytesDone: number;
  created: number;
  updated: number;
  unchanged: number;
  skipped: number;
  refused: number;
  /** Rows that were not in UTF-8. */
  recoded: number;
  createdAt: number;
  /** Changes with every sign of life of the process that does it, or has it waiting. */
  updatedAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** 1: its file stays with the process that does it, so no other can continue it. */
  foreground: Generated<0 | 1>;
  /** How many of the refused and of the skipped rows the report lists, and in how many bytes; the others are only counted. */
  listedRefused: Generated<number>;
  listedSkipped: Generated<number>;
  refusedBytes: Generated<number>;
  skippedBytes: Generated<number>;
};

/** Every reference that an import gave to evidence of consent. It holds the name of a file, where an erasure looks for names. */
export type ImportReferenceTable = { reference: string };

/**
 * Rows that were refused or left alone, with why (JSON, as are the cells). They name people: an erasure finds them by
 * customerId and connectionId, where the row has such, and by `textKey`, the cells' text, folded.
 */
export type ImportedRowTable = {
  importId: string;
  line: number;
  outcome: 'refused' | 'skipped';
  customerId: number | null;
  connectionId: string | null;
  problems: string;
  cells: string;
  textKey: string | null;
};

export type CrmDatabase = {
  customer: CustomerTable;
  connection: ConnectionTable;
  mandateChange: MandateChangeTable;
  outbox: OutboxTable;
  importedFile: ImportedFileTable;
  relayLease: RelayLeaseTable;
  storedAnswer: StoredAnswerTable;
  erasedCustomer: ErasedCustomerTable;
  erasureJob: ErasureJobTable;
  importJob: ImportJobTable;
  importedRow: ImportedRowTable;
  importReference: ImportReferenceTable;
};
