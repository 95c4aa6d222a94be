import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { changeOrders } from './change-orders.ts';
import type { ChangeRecord, SentCustomer } from './change-record.ts';
import type { Random } from './random.ts';
import { type Answer, sendUntilAnswered } from './send-until-answered.ts';

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
const levels = ['0', '1', '2'] as const;

/**
 * Sends random changes to the CRM: orders, new customers, other mandates, moves to a free connection, changes without an effect on
 * mandates, deletions and erasures. A change without an answer is sent again.
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
      if (own.percent(40)) await changeOrders({ crm, record, random: own }, caller, [...held.keys()]);
      else if (known.length === 0 || (known.length < customersPerCaller && own.percent(15))) {
        const customer = newCustomer(caller, free(), own);
        const id = await createCustomer(crm, customer, record);
        held.set(id, customer);
      } else if (own.percent(8)) {
        const [id] = own.oneOf(known);
        await removeCustomer(crm, id, own.percent(50) ? 'erased' : 'deleted', record);
        held.delete(id);
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
  // Unique, so that a check finds it wherever it is stored.
  lastName: `Name-${caller}-${randomUUID().slice(0, 18)}`,
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
  const answer = await sendUntilAnswered(`${crm}/customers`, { body: customer });
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
  const answer = await sendUntilAnswered(`${crm}/customers/${id}`, { body: customer });
  if (answer.status === 200) recordAnswer(record, id, customer, answer);
  else record.violations.push(`a change of customer ${id} was answered with ${answer.status} ${answer.text}`);
};

/** Deletes or erases a customer; its connection is revoked. A repetition is answered without the revision of the revocation. */
const removeCustomer = async (crm: string, id: string, how: 'deleted' | 'erased', record: ChangeRecord) => {
  const { status, revision, text } = await (how === 'deleted'
    ? sendUntilAnswered(`${crm}/customers/${id}`, { method: 'DELETE' })
    : sendUntilAnswered(`${crm}/customers/${id}/erasure`, { body: { customerId: id } }));
  if (![200, 204, 404].includes(status) || (how === 'erased' && status === 404))
    record.violations.push(`customer ${id} was not ${how}, but answered with ${status} ${text}`);
  const { connectionId, lastName } = record.customers.get(id) as SentCustomer;
  record.customers.delete(id);
  record.removed.set(id, { how, lastName });
  if (!Number.isNaN(revision)) record.answered.push({ connectionId, connectionMandate: '0', revision });
};

const recordAnswer = (record: ChangeRecord, id: string, customer: SentCustomer, { revision, text }: Answer) => {
  record.customers.set(id, customer);
  const { connectionId, connectionMandate } = customer;
  record.answered.push({ connectionId, connectionMandate, revision });
  if (!Number.isSafeInteger(revision) || revision <= 0) record.violations.push(`no revision in the answer ${text}`);
};
