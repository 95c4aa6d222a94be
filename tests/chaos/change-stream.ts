import { setTimeout as delay } from 'node:timers/promises';
import type { ChangeRecord, SentCustomer } from './change-record.ts';
import type { Random } from './random.ts';

export type ChangeStream = {
  /** Resolves when every change that was sent is answered. */
  stop(): Promise<void>;
};

type StreamOptions = {
  crm: string;
  random: Random;
  record: ChangeRecord;
  /** Number of callers; each changes its own customers and connections, one change after the other (default: 6). */
  callers?: number;
  /** Longest pause of a caller between two changes (default: 60 ms). */
  pauseMs?: number;
};

const customersPerCaller = 20;
const connectionsPerCaller = 40;
const requestTimeoutMs = 5_000;
const levels = ['0', '1', '2'] as const;

/**
 * Sends random changes to the CRM: new customers, other mandates, moves to a free connection, and changes without an effect on
 * mandates. A change without an answer is sent again.
 */
export const startChanges = ({ crm, random, record, callers = 6, pauseMs = 60 }: StreamOptions): ChangeStream => {
  let stopping = false;

  const call = async (caller: number, own: Random) => {
    const connections = Array.from({ length: connectionsPerCaller }, (_, n) => `CHAOS-${caller}-${n}`);
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
        const after = changeRandomly(before, own, free);
        await replaceCustomer(crm, id, after, record);
        held.set(id, after);
      }
      await delay(own.between(0, pauseMs));
    }
  };

  const calling = Array.from({ length: callers }, (_, caller) => call(caller, random.fork()));
  return {
    stop: async () => {
      stopping = true;
      await Promise.all(calling);
    },
  };
};

const newCustomer = (caller: number, connectionId: string, random: Random): SentCustomer => ({
  firstName: 'First',
  lastName: `Last ${caller}`,
  city: 'Delft',
  connectionId,
  connectionMandate: random.oneOf(levels),
});

const changeRandomly = (before: SentCustomer, random: Random, free: () => string): SentCustomer => {
  const connectionMandate = random.oneOf(levels);
  if (random.percent(15)) return { ...before, connectionId: free(), connectionMandate };
  if (random.percent(10)) return { ...before, city: before.city === 'Delft' ? 'Gouda' : 'Delft' };
  return { ...before, connectionMandate };
};

/** Sends a new customer until the CRM answers. @returns the customerId */
export const createCustomer = async (crm: string, customer: SentCustomer, record: ChangeRecord): Promise<string> => {
  record.connections.add(customer.connectionId);
  const answer = await sendUntilAnswered(`${crm}/customers`, customer);
  if (answer.status === 201) {
    const { customerId } = answer.body as { customerId: string };
    recordAnswer(record, customerId, customer, answer);
    return customerId;
  }
  // The CRM was killed after its commit and before its answer: the customer exists, and the change is sent to it.
  const { holder } = answer.body as { holder: string };
  if (answer.status !== 409 || !holder)
    record.violations.push(`a new customer was answered with ${answer.status} ${answer.text}`);
  await replaceCustomer(crm, holder, customer, record);
  return holder;
};

/** Sends a change until the CRM answers. */
export const replaceCustomer = async (crm: string, id: string, customer: SentCustomer, record: ChangeRecord) => {
  record.connections.add(customer.connectionId);
  const answer = await sendUntilAnswered(`${crm}/customers/${id}`, customer);
  if (answer.status === 200) recordAnswer(record, id, customer, answer);
  else record.violations.push(`a change of customer ${id} was answered with ${answer.status} ${answer.text}`);
};

const recordAnswer = (record: ChangeRecord, id: string, customer: SentCustomer, { revision, text }: Answer) => {
  record.customers.set(id, customer);
  const { connectionId, connectionMandate } = customer;
  record.answered.push({ connectionId, connectionMandate, revision });
  if (!Number.isSafeInteger(revision) || revision <= 0) record.violations.push(`no revision in the answer ${text}`);
};

type Answer = { status: number; body: unknown; revision: number; text: string };

const sendUntilAnswered = async (url: string, customer: SentCustomer): Promise<Answer> => {
  for (;;) {
    const answer = await post(url, customer).catch(() => undefined); // the CRM is killed, paused, or still starting
    if (answer && answer.status !== 503) return { ...answer, body: JSON.parse(answer.text) };
    await delay(50);
  }
};

const post = async (url: string, customer: SentCustomer) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(customer),
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  const revision = Number(response.headers.get('mandate-revision'));
  return { status: response.status, revision, text: await response.text() };
};
