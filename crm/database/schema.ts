import type { Generated } from 'kysely';

/** Times are in ms since 1970, here and in every other table. */
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
  /** Starts at 1 and grows by one with each change. */
  version: number;
  /** Search and sort keys, folded by `foldText`: `nameKey` is "last name first name". */
  nameKey: string;
  cityKey: string;
  /** The revision of the last state on customers-topic; 0 while no state was published. */
  revision: Generated<number>;
};

/**
 * The last state of each deleted or erased customer on customers-topic. `version` and `createdAt` are those of the deleted record;
 * an erasure clears them, because its last state is a tombstone. `isRepeated` is 1 when the retention job has published that
 * state again.
 */
export type FormerCustomerTable = {
  customerId: number;
  revision: number;
  version: number | null;
  createdAt: number | null;
  removedAt: number;
  isRepeated: 0 | 1;
};

/** The last revision of every connection. A row outlives its customer, so that a revision only ever grows. */
type ConnectionTable = { connectionId: string; revision: number };

/**
 * Evidence of consent: every mandate that was ever in force, with the revision of its event. A row outlives its customer
 * and identifies a person by customerId only.
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

/** Committed events that the event bus has not acknowledged yet. `event` is JSON, or empty for a tombstone. */
export type OutboxTable = {
  sequence: Generated<number>;
  id: string;
  topic: string;
  eventKey: string;
  event: string;
  createdAt: number;
};

/** Files that were imported completely, identified by the SHA-256 of their bytes. */
type ImportedFileTable = { digest: string; importedAt: number };

/** A lease names the process that does work which only one may do at a time. Each renewal changes `expiresAt`, which is not a time. */
export type RelayLeaseTable = { name: string; holder: string; expiresAt: number };

/**
 * Answers to requests with an idempotency key. Key and content are stored as SHA-256; `customerId` is the customer that
 * the answer is about. An erasure clears content and answer, and keeps the key.
 */
export type StoredAnswerTable = {
  keyDigest: string;
  contentDigest: string | null;
  customerId: number | null;
  answer: string | null;
  createdAt: number;
};

/** Erased customers. Only the number remains. */
type ErasedCustomerTable = { customerId: number; erasedAt: number };

/**
 * Work that a deletion or an erasure leaves for after its transaction. `person` is a Person as JSON, null once its rows are
 * erased. `erasesBytes` is 1 when the freed bytes of the database file must be purged too. Each request increments `requests`.
 */
export type ErasureJobTable = { customerId: number; person: string | null; erasesBytes: 0 | 1; requests: number };

/**
 * An import and its progress. Pass 1 takes the rows with a customerId, pass 2 those without. `line` is the last one committed.
 */
export type ImportJobTable = {
  importId: string;
  fileName: string;
  digest: string;
  bytes: number;
  lines: number;
  columns: string;
  /** JSON, as `columns`: the field of each column, or null. Null in a job of an earlier version, whose columns are named as the fields. */
  columnFields: string | null;
  onConflict: 'skip' | 'update' | 'fail';
  dryRun: 0 | 1;
  /** The declared encoding of the file. */
  encoding: string | null;
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
  /** How many rows were not in UTF-8. */
  recoded: number;
  /** How many rows have a connectionId that a spreadsheet may have rounded, and in JSON the first of their lines. */
  rounded: Generated<number>;
  roundedLines: string | null;
  createdAt: number;
  /** The heartbeat: the process that runs the job, or has it in its queue, changes this value. */
  updatedAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** 1 for a job whose file only the process that runs it can read, so that no other process can continue it. */
  foreground: Generated<0 | 1>;
  /** How many refused and skipped rows the report lists, and their bytes. The other rows are only counted. */
  listedRefused: Generated<number>;
  listedSkipped: Generated<number>;
  refusedBytes: Generated<number>;
  skippedBytes: Generated<number>;
};

/** Every reference that an import wrote into evidence of consent. It contains a file name, which an erasure searches. */
type ImportReferenceTable = { reference: string };

/**
 * Refused and skipped rows; `problems` and `cells` are JSON. The rows contain personal data: an erasure finds them by
 * customerId and connectionId, if the row has them, and by `textKey`, the folded text of the cells.
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

/**
 * The events of orders. The stream is the orderId; `type` carries the version of its schema, as in OrderCreated.v2; `data` and
 * `metadata` are JSON. Triggers refuse every update and deletion.
 */
export type OrderEventTable = {
  stream: string;
  version: number;
  type: string;
  data: string;
  metadata: string;
  recordedAt: number;
};

/** The state of an order at a version, as JSON: at most one per order. `format` is the version of its shape. */
type OrderSnapshotTable = { stream: string; version: number; format: number; state: string };

/**
 * The commands with a command id that were executed, and the version of the order after each. Command id and content are stored as
 * SHA-256. An erasure clears the content of commands that create orders, because it includes the place of delivery.
 */
type OrderCommandTable = { commandDigest: string; contentDigest: string | null; stream: string; version: number };

/** The customer of each order, and the place of delivery, which is personal data and therefore in no event. */
type CustomerOrderTable = { orderId: string; customerId: number; place: string | null };

export type CrmDatabase = {
  customer: CustomerTable;
  formerCustomer: FormerCustomerTable;
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
  orderEvent: OrderEventTable;
  orderSnapshot: OrderSnapshotTable;
  orderCommand: OrderCommandTable;
  customerOrder: CustomerOrderTable;
};
