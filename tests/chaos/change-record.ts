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

/** An order as the CRM has answered it. */
export type AnsweredOrder = {
  orderId: string;
  customerId: string;
  productId: string;
  quantity: number;
  version: number;
  status: string;
};

/** A customer that was deleted or erased, and its name. */
export type RemovedCustomer = { how: 'deleted' | 'erased'; lastName: string };

/** All answers of the CRM, with which views and log are compared. */
export type ChangeRecord = {
  /** The last answered state of each customer, by customerId. */
  readonly customers: Map<string, SentCustomer>;
  /** The customers that were removed, by customerId. */
  readonly removed: Map<string, RemovedCustomer>;
  /** The last answered state of each order, by orderId. */
  readonly orders: Map<string, AnsweredOrder>;
  /** All answered changes of mandates, oldest first. */
  readonly answered: AnsweredChange[];
  /** All answered states of orders, oldest first. */
  readonly answeredOrders: AnsweredOrder[];
  /** Every connection that a customer has or had. */
  readonly connections: Set<string>;
  /** Answers that the CRM must not give. */
  readonly violations: string[];
};

export const createChangeRecord = (): ChangeRecord => ({
  customers: new Map(),
  removed: new Map(),
  orders: new Map(),
  answered: [],
  answeredOrders: [],
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

/** The names of the customers that were removed in this way. */
export const namesOfRemoved = ({ removed }: ChangeRecord, ...hows: RemovedCustomer['how'][]): string[] =>
  [...removed.values()].filter(({ how }) => hows.includes(how)).map(({ lastName }) => lastName);

/** One change of a mandate or one state of an order as a text that log, views and answers can be compared by. */
export const describeMandate = ({ connectionId, revision, connectionMandate }: AnsweredChange): string =>
  `${connectionId} ${Number(revision)} ${connectionMandate}`;
export const describeOrder = ({ orderId, version, status, quantity }: AnsweredOrder): string =>
  `${orderId} ${version} ${status} ${quantity}`;
