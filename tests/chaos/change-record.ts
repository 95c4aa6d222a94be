/** A customer as the change stream sends it. */
export type SentCustomer = {
  firstName: string;
  lastName: string;
  city: string;
  connectionId: string;
  connectionMandate: '0' | '1' | '2';
};

/** A change that the CRM has answered: this connection has this mandate under this revision. */
export type AnsweredChange = { connectionId: string; connectionMandate: string; revision: number };

/** All answers of the CRM, with which views and log are compared. */
export type ChangeRecord = {
  /** The last answered state of each customer, by customerId. */
  readonly customers: Map<string, SentCustomer>;
  /** All answered changes, oldest first. */
  readonly answered: AnsweredChange[];
  /** Every connection that a customer has or had. */
  readonly connections: Set<string>;
  /** Answers that the CRM must not give. */
  readonly violations: string[];
};

export const createChangeRecord = (): ChangeRecord => ({
  customers: new Map(),
  answered: [],
  connections: new Set(),
  violations: [],
});

/** The final mandate of each connection: that of its customer, or 0 where no customer has it any more. */
export const computeExpectedMandates = ({ customers, connections }: ChangeRecord): Map<string, string> => {
  const mandates = new Map([...connections].map((id) => [id, '0']));
  for (const { connectionId, connectionMandate } of customers.values()) mandates.set(connectionId, connectionMandate);
  return mandates;
};

/** The highest answered revision of each connection; a view must show it or a later one. */
export const computeMinRevisions = ({ answered }: ChangeRecord): Map<string, number> => {
  const revisions = new Map<string, number>();
  for (const { connectionId, revision } of answered)
    revisions.set(connectionId, Math.max(revision, revisions.get(connectionId) ?? 0));
  return revisions;
};
