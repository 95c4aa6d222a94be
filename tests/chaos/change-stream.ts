import { setTimeout as delay } from 'node:timers/promises';
import type { ChangeRecord, SentCustomer } from './change-record.ts';
import type { Chance } from './random.ts';

export type ChangeStream = {
  /** Resolves when every change that was sent is answered. */
  stop(): Promise<void>;
};

type StreamOptions = {
  crm: string;
  chance: Chance;
  record: ChangeRecord;
  /** Each works on customers and connections of its own, one change after the other. */
  callers?: number;
  /** The longest pause of a caller between two changes. */
  pauseMs?: number;
};

const customersPerCaller = 20;
const connectionsPerCaller = 40;
const answerWithinMs = 5_000;
const levels = ['0', '1', '2'] as const;

/**
 * Sends random changes to the CRM: new customers, other mandates, moves to another connection (one that was given up, too),
 * and changes that are none to a mandate. What is not answered is sent again until it is.
 */
export const startChanges = ({ crm, chance, record, callers = 6, pauseMs = 60 }: StreamOptions): ChangeStream => {
  let stopping = false;

  const call = async (caller: number, own: Chance) => {
    const connections = Array.from({ length: connectionsPerCaller }, (_, n) => `TORTURE-${caller}-${n}`);
    const customers = [...record.customers].filter(([, { connectionId }]) => connections.includes(connectionId));
    const held = new Map<string, SentCustomer>(customers);
    const free = () => {
      const taken = new Set([...held.values()].map(({ connectionId }) => connectionId));
      return own.oneOf(connections.filter((id) => !taken.has(id)));
    };
    while (!stopping) {
      const known = [...held];
      if (known.length === 0 || (known.length < customersPerCaller && own.percent(15))) {
        const customer = newCustomer(caller, free(), own);
        const id = await createCustomer(crm, customer, record);
        held.set(id, customer);
      } else {
        const [id, before] = own.oneOf(known);
        const after = changed(before, own, free);
        await replaceCustomer(crm, id, after, record);
        held.set(id, after);
      }
      await delay(own.between(0, pauseMs));
    }
  };

  const calling = Array.from({ length: callers }, (_, caller) => call(caller, chance.branch()));
  return {
    stop: async () => {
      stopping = true;
      await Promise.all(calling);
    },
  };
};

const newCustomer = (caller: number, connectionId: string, chance: Chance): SentCustomer => ({
  firstName: 'First',
  lastName: `Last ${caller}`,
  city: 'Delft',
  connectionId,
  connectionMandate: chance.oneOf(levels),
});

const changed = (before: SentCustomer, chance: Chance, free: () => string): SentCustomer => {
  const connectionMandate = chance.oneOf(levels);
  if (chance.percent(15)) return { ...before, connectionId: free(), connectionMandate };
  if (chance.percent(10)) return { ...before, city: before.city === 'Delft' ? 'Gouda' : 'Delft' };
  return { ...before, connectionMandate };
};

/** Sends the change until it is answered, and answers the customer's id. */
export const createCustomer = async (crm: string, customer: SentCustomer, record: ChangeRecord): Promise<string> => {
  record.connections.add(customer.connectionId);
  const answer = await untilAnswered(`${crm}/customers`, customer);
  if (answer.status === 201) {
    const { customerId } = answer.body as { customerId: string };
    keep(record, customerId, customer, answer);
    return customerId;
  }
  // Killed after its commit and before its answer: the customer is there, and sent again the change is answered.
  const { holder } = answer.body as { holder: string };
  if (answer.status !== 409 || !holder)
    record.complaints.push(`a new customer was answered with ${answer.status} ${answer.text}`);
  await replaceCustomer(crm, holder, customer, record);
  return holder;
};

/** Sends the change until it is answered. */
export const replaceCustomer = async (crm: string, id: string, customer: SentCustomer, record: ChangeRecord) => {
  record.connections.add(customer.connectionId);
  const answer = await untilAnswered(`${crm}/customers/${id}`, customer);
  if (answer.status === 200) keep(record, id, customer, answer);
  else record.complaints.push(`a change of customer ${id} was answered with ${answer.status} ${answer.text}`);
};

const keep = (record: ChangeRecord, id: string, customer: SentCustomer, { revision, text }: Answer) => {
  record.customers.set(id, customer);
  const { connectionId, connectionMandate } = customer;
  record.promised.push({ connectionId, connectionMandate, revision });
  if (!Number.isSafeInteger(revision) || revision <= 0) record.complaints.push(`no revision in the answer ${text}`);
};

type Answer = { status: number; body: unknown; revision: number; text: string };

const untilAnswered = async (url: string, customer: SentCustomer): Promise<Answer> => {
  for (;;) {
    const answer = await post(url, customer).catch(() => undefined); // killed, paused, or not yet up again
    if (answer && answer.status !== 503) return { ...answer, body: JSON.parse(answer.text) };
    await delay(50);
  }
};

const post = async (url: string, customer: SentCustomer) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(customer),
    signal: AbortSignal.timeout(answerWithinMs),
  });
  const revision = Number(response.headers.get('mandate-revision'));
  return { status: response.status, revision, text: await response.text() };
};
