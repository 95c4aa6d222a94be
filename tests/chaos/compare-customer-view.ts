import { getJson } from '../http.ts';
import {
  type AnsweredOrder,
  type ChangeRecord,
  describeOrder,
  namesOfRemoved,
  type SentCustomer,
} from './change-record.ts';
import type { CustomerViewInstance } from './deployment.ts';

type ShownCustomer = SentCustomer & { customerId: string };
type ShownOrder = AnsweredOrder & { customer: ShownCustomer | null };

/** Compares an instance with the record: each customer or its absence, each order with its customer, and the registrations. */
export const compareCustomerView = async (
  { name, url, database }: CustomerViewInstance,
  record: ChangeRecord,
): Promise<string[]> => {
  const { customers, removed, orders } = record;
  const shownCustomers = new Map<string, ShownCustomer>();
  for await (const customer of readList<ShownCustomer>(url, '/customers?limit=1000'))
    shownCustomers.set(customer.customerId, customer);
  const shownOrders = new Map<string, ShownOrder>();
  for await (const order of readList<ShownOrder>(url, '/customer-orders?limit=1000'))
    shownOrders.set(order.orderId, order);

  const wrong = [...customers].flatMap(([id, sent]) =>
    isSame(shownCustomers.get(id), sent) ? [] : [`${name} lacks of customer ${id}: ${JSON.stringify(sent)}`],
  );
  for (const id of shownCustomers.keys())
    if (!customers.has(id)) wrong.push(`${name} shows customer ${id}, who is gone`);
  for (const [id, { how }] of removed) {
    const { status } = await getJson(`${url}/customers/${id}`);
    if (status !== (how === 'erased' ? 410 : 404)) wrong.push(`${name} answers ${status} to ${how} customer ${id}`);
  }
  for (const [id, order] of orders) {
    const shown = shownOrders.get(id);
    const hasCustomer = shown?.customer?.customerId === order.customerId;
    if (!shown || describeOrder(shown) !== describeOrder(order) || hasCustomer !== customers.has(order.customerId))
      wrong.push(`${name} shows ${JSON.stringify(shown)}, not order ${describeOrder(order)}`);
  }
  for (const id of shownOrders.keys())
    if (!orders.has(id)) wrong.push(`${name} shows order ${id}, which was never sent`);
  const registered = await countRegistrations(url);
  if (registered !== customers.size + removed.size)
    wrong.push(`${name} counts ${registered} registrations, not ${customers.size + removed.size}`);
  const stored = await database.readText();
  for (const removedName of namesOfRemoved(record, 'deleted', 'erased'))
    if (stored.includes(removedName)) wrong.push(`${removedName} is still in the database ${database.name}`);
  return wrong;
};

const isSame = (shown: ShownCustomer | undefined, sent: SentCustomer): boolean =>
  Object.entries(sent).every(([field, value]) => shown?.[field as keyof SentCustomer] === value);

/** Reads all pages of a list. @throws Error when the view refuses */
async function* readList<Item>(url: string, first: string): AsyncGenerator<Item> {
  for (let path: string | null = first; path !== null; ) {
    const { status, body } = await getJson(`${url}${path}`);
    if (status !== 200) throw new Error(`${url}${path} is answered with ${status} ${JSON.stringify(body)}`);
    yield* body.items as Item[];
    path = body.next as string | null;
  }
}

const countRegistrations = async (url: string): Promise<number> => {
  const { body } = await getJson(`${url}/reports/new-customers`);
  return (body.items as { customers: number }[]).reduce((sum, { customers }) => sum + customers, 0);
};
