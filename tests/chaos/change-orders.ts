import { randomUUID } from 'node:crypto';
import type { AnsweredOrder, ChangeRecord } from './change-record.ts';
import type { Random } from './random.ts';
import { sendUntilAnswered } from './send-until-answered.ts';

/** The commands that are allowed from each status. */
const commands: Record<string, readonly string[]> = {
  pending: ['update', 'update', 'update', 'ship', 'cancel', 'reject'],
  shipped: ['deliver'],
};
const maxOpenOrders = 10;

type Target = { readonly crm: string; readonly record: ChangeRecord; readonly random: Random };

/** Creates an order of one of these customers, or changes an order of the caller. Its orders have a product of their own. */
export const changeOrders = async (target: Target, caller: number, customerIds: readonly string[]): Promise<void> => {
  const { record, random } = target;
  const productId = `chaos-${caller}`;
  const open = [...record.orders.values()].filter((order) => order.productId === productId && commands[order.status]);
  if (open.length < maxOpenOrders && (open.length === 0 || random.percent(30))) {
    if (customerIds.length > 0) await createOrder(target, productId, random.oneOf(customerIds));
  } else await changeOrder(target, random.oneOf(open));
};

const createOrder = (target: Target, productId: string, customerId: string) =>
  sendCommand(target, '/orders', 'POST', {
    ...{ customerId, productId, quantity: target.random.between(1, 1_000), expectedDeliveryDate: '2026-12-24' },
    unitPrice: { amount: 1999, currency: 'EUR' },
  });

const changeOrder = (target: Target, { orderId, status }: AnsweredOrder) => {
  const command = target.random.oneOf(commands[status] ?? []);
  return command === 'update'
    ? sendCommand(target, `/orders/${orderId}`, 'PATCH', { quantity: target.random.between(1, 1_000) })
    : sendCommand(target, `/orders/${orderId}/${command}`, 'POST');
};

/** A repeated command has the same idempotency key, so that it is executed once. */
const sendCommand = async (
  { crm, record }: Target,
  path: string,
  method: 'POST' | 'PATCH',
  body?: object,
): Promise<void> => {
  const headers = { 'idempotency-key': randomUUID() };
  const {
    status,
    body: answer,
    text,
  } = await sendUntilAnswered(`${crm}${path}`, { method, headers, ...(body && { body }) });
  if (status !== 200 && status !== 201)
    return void record.violations.push(`${method} ${path} was answered with ${status} ${text}`);
  const order = answer as AnsweredOrder;
  record.orders.set(order.orderId, order);
  record.answeredOrders.push(order);
};
