import type { orderStatuses } from '../../contracts/events/order-changed/schema.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { Order, OrderChanges, OrderCommand, OrderEvent } from './order.ts';

type Status = (typeof orderStatuses)[number];
type Transition = { readonly from: readonly Status[]; readonly event: OrderEvent['type']; readonly done: string };

/** All transitions: the statuses from which each command is allowed, and its event. Every other transition is refused. */
export const transitions = {
  UpdateOrder: { from: ['pending'], event: 'OrderUpdated', done: 'updated' },
  ShipOrder: { from: ['pending'], event: 'OrderShipped', done: 'shipped' },
  CancelOrder: { from: ['pending'], event: 'OrderCancelled', done: 'cancelled' },
  RejectOrder: { from: ['pending'], event: 'OrderRejected', done: 'rejected' },
  DeliverOrder: { from: ['shipped'], event: 'OrderDelivered', done: 'delivered' },
} as const satisfies Record<Exclude<OrderCommand['type'], 'CreateOrder'>, Transition>;

const allTransitions: readonly Transition[] = Object.values(transitions);

/**
 * Decides which events a command causes. A command that changes nothing causes none.
 * @throws DomainError order-unknown, order-transition-refused, total-too-large
 */
export const decide = (command: OrderCommand, order: Order | undefined): OrderEvent[] => {
  if (command.type === 'CreateOrder') {
    const { type, ...data } = command;
    if (order) throw new DomainError('order-transition-refused', `Order ${order.orderId} exists already.`);
    refuseLargeTotal(data);
    return [{ type: 'OrderCreated', data }];
  }
  if (!order) throw orderUnknown(command.orderId);
  const transition: Transition = transitions[command.type];
  if (!transition.from.includes(order.status)) throw transitionRefused(order, transition);
  if (command.type !== 'UpdateOrder') return [{ type: transitions[command.type].event, data: {} }];
  const { type, orderId, ...wanted } = command;
  const changes = Object.entries(wanted).filter(([field, value]) => order[field as keyof OrderChanges] !== value);
  if (changes.length === 0) return [];
  refuseLargeTotal({ ...order, ...wanted });
  return [{ type: 'OrderUpdated', data: Object.fromEntries(changes) }];
};

export const orderUnknown = (orderId: string): DomainError =>
  new DomainError('order-unknown', `There is no order ${orderId.slice(0, 100)}.`);

const transitionRefused = ({ orderId, status }: Order, { from, done }: Transition) => {
  const possible = allTransitions.filter((transition) => transition.from.includes(status));
  const remedy =
    possible.length > 0 ? `it can be ${possible.map((one) => one.done).join(', ')}` : 'this status is final';
  const only = from.join(' or ');
  return new DomainError(
    'order-transition-refused',
    `Order ${orderId} is ${status}, and only a ${only} order can be ${done}.`,
    { facts: { orderStatus: status, allowedFrom: from }, remedy },
  );
};

/** JSON numbers above it are not exact in every language. */
const maxTotal = Number.MAX_SAFE_INTEGER;

const refuseLargeTotal = ({ quantity, unitPrice: { amount } }: Pick<Order, 'quantity' | 'unitPrice'>) => {
  if (amount <= Math.floor(maxTotal / quantity)) return;
  const expected = `a product of quantity and unitPrice.amount of at most ${maxTotal}`;
  throw new DomainError(
    'total-too-large',
    `The total is too large: quantity × unitPrice.amount is above ${maxTotal}.`,
    {
      errors: [
        { field: 'quantity', expected, got: quantity },
        { field: 'unitPrice.amount', expected, got: amount },
      ],
    },
  );
};
