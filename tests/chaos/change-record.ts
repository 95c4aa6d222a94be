/** A customer as the change stream sends it. */
export type SentCustomer = {
  firstName: string;
  lastName: string;
  city: string;
  connectionId: string;
  connectionMandate: '0' | '1' | '2';
};

/** What an answer of the CRM promised: this connection has this mandate under this revision. */
export type Promised = { connectionId: string; connectionMandate: string; revision: number };

/** What the CRM has answered: everything else is measured by it. */
export type ChangeRecord = {
  /** By customerId, as it was last answered. */
  readonly customers: Map<string, SentCustomer>;
  /** Every answer to a change, oldest first. */
  readonly promised: Promised[];
  /** Every connection that a customer has or had. */
  readonly connections: Set<string>;
  /** Answers that no caller should get. */
  readonly complaints: string[];
};

export const emptyRecord = (): ChangeRecord => ({
  customers: new Map(),
  promised: [],
  connections: new Set(),
  complaints: [],
});

/** The mandate that each connection must have in the end: that of its customer, or 0 where it was given up. */
export const mandatesOf = ({ customers, connections }: ChangeRecord): Map<string, string> => {
  const mandates = new Map([...connections].map((id) => [id, '0']));
  for (const { connectionId, connectionMandate } of customers.values()) mandates.set(connectionId, connectionMandate);
  return mandates;
};

/** The highest revision that was promised of each connection. */
export const revisionsOf = ({ promised }: ChangeRecord): Map<string, number> => {
  const revisions = new Map<string, number>();
  for (const { connectionId, revision } of promised)
    revisions.set(connectionId, Math.max(revision, revisions.get(connectionId) ?? 0));
  return revisions;
};
