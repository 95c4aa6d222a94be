import type { Transaction } from 'kysely';
import { parseCustomerId } from '../../contracts/customer-id.ts';
import { createOrderChangedEvent } from '../../contracts/events/order-changed/schema.ts';
import { topics } from '../../contracts/topics.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import { type CrmContext, findErasedCustomers, inTransaction, lockCustomers } from '../customers/index.ts';
import type { CrmDatabase } from '../database/index.ts';
import { appendToOutbox, type OutboxEvent } from '../outbox/index.ts';
import { insertCustomerOrder, readPlace } from './customer-orders.ts';
import { decide } from './decide.ts';
import { appendEvents, type EventMetadata, emptyStream, type RecordedEvent } from './event-store/index.ts';
import { createCommandId, executeOnce, type OrderAttempt } from './execute-once.ts';
import { type LoadedOrder, loadOrder, writeSnapshotIfDue } from './load-order.ts';
import { evolve, type Order, type OrderCommand, type OrderData, type OrderEvent, toOrderState } from './order.ts';
import { showOrder } from './order-schemas.ts';
import { toStoredEvent } from './stored-event.ts';

/** Who sends a command and why, and which version it may change. Without an idempotency key a repetition is a new command. */
export type OrderRequest = {
  readonly actor?: string | null | undefined;
  readonly correlationId?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly precondition?: (version: number) => boolean;
};

/** An order with its place of delivery. */
export type PlacedOrder = { readonly order: Order; readonly place: string | null };

/**
 * Creates an order of a current customer. A repetition with the same idempotency key gets the order as it was created.
 * @throws DomainError customer-unknown, customer-erased, total-too-large, key-reused, answer-erased
 */
export const createOrder = (
  context: CrmContext,
  { data, place }: { data: OrderData; place: string | null },
  request: OrderRequest = {},
): Promise<PlacedOrder> => {
  const orderId = context.newId();
  const command = { type: 'CreateOrder', orderId, ...data } as const;
  return execute(context, request, { type: command.type, ...data, place }, async (trx, origin) => {
    const customerId = await lockCurrentCustomer(trx, data.customerId);
    const events = decide(command, undefined);
    const order = await appendOrderEvents(trx, orderId, undefined, { ...origin, events });
    await insertCustomerOrder(trx, { orderId, customerId, place });
    return order;
  });
};

/**
 * Executes a command on an existing order, also of a deleted or erased customer.
 * @throws DomainError order-unknown, version-differs, order-transition-refused, total-too-large, key-reused
 */
export const changeOrder = (
  context: CrmContext,
  command: Exclude<OrderCommand, { type: 'CreateOrder' }>,
  request: OrderRequest = {},
): Promise<PlacedOrder> =>
  execute(context, request, command, async (trx, origin) => {
    const loaded = await loadOrder(trx, command.orderId);
    if (loaded && request.precondition?.(loaded.order.version) === false) throw await versionDiffers(trx, loaded.order);
    const events = decide(command, loaded?.order);
    return appendOrderEvents(trx, command.orderId, loaded, { ...origin, events });
  });

type Origin = { readonly metadata: EventMetadata; readonly now: number; readonly newId: () => string };

/** Runs a command once in a transaction, and reads the order as it was after the command. */
const execute = async (
  context: CrmContext,
  { actor = null, correlationId = context.newId(), traceparent, idempotencyKey: key }: OrderRequest,
  content: object,
  work: (trx: Transaction<CrmDatabase>, origin: Origin) => Promise<Order>,
): Promise<PlacedOrder> => {
  const { now, newId } = context;
  const causationId = key === undefined ? newId() : createCommandId(key);
  const metadata = { actor, correlationId, causationId, traceparent: traceparent ?? null };
  const attempt: OrderAttempt | undefined = key === undefined ? undefined : { key, content };
  return inTransaction(context, async (trx) => {
    let order: Order | undefined;
    const { stream, version } = await executeOnce(trx, attempt, async () => {
      order = await work(trx, { metadata, now: now(), newId });
      return { stream: order.orderId, version: order.version };
    });
    order ??= ((await loadOrder(trx, stream, { version })) as LoadedOrder).order;
    return { order, place: await readPlace(trx, stream) };
  });
};

/** Appends the events, and the state after each of them to the outbox, in the transaction of the command. */
const appendOrderEvents = async (
  trx: Transaction<CrmDatabase>,
  orderId: string,
  loaded: LoadedOrder | undefined,
  { events, metadata, now, newId }: Origin & { readonly events: readonly OrderEvent[] },
): Promise<Order> => {
  const end = loaded ? { version: loaded.order.version, recordedAt: loaded.order.updatedAt } : emptyStream;
  const recorded = await appendEvents(trx, orderId, end, events.map(toStoredEvent), { now, metadata });
  let order = loaded?.order;
  for (const [n, event] of events.entries()) {
    const { recordedAt } = recorded[n] as RecordedEvent;
    order = evolve(order, { ...event, recordedAt });
    await appendToOutbox(trx, [toOutboxEvent(order, newId(), metadata)], recordedAt);
  }
  const changed = order as Order;
  await writeSnapshotIfDue(trx, { order: changed, snapshotVersion: loaded?.snapshotVersion ?? 0 });
  return changed;
};

const toOutboxEvent = (order: Order, id: string, { traceparent }: EventMetadata): OutboxEvent => {
  const envelope = { id, time: new Date(order.updatedAt), traceparent: traceparent ?? undefined };
  const event = createOrderChangedEvent(toOrderState(order), envelope);
  return { topic: topics.orders, id, key: order.orderId, event };
};

/** @throws DomainError customer-unknown, customer-erased */
const lockCurrentCustomer = async (trx: Transaction<CrmDatabase>, customerId: string): Promise<number> => {
  const number = parseCustomerId(customerId) as number;
  const [customer] = await lockCustomers(trx, 'customerId', [customerId]);
  if (customer) return number;
  const errors = [{ field: 'customerId', expected: 'the number of a current customer', got: customerId }];
  if ((await findErasedCustomers(trx, [number])).has(number))
    throw new DomainError('customer-erased', `Customer ${customerId} has been erased.`, { errors });
  throw new DomainError('customer-unknown', `There is no customer ${customerId}.`, { errors });
};

const versionDiffers = async (trx: Transaction<CrmDatabase>, order: Order) =>
  new DomainError('version-differs', `Order ${order.orderId} now has version ${order.version}.`, {
    facts: { current: showOrder(order, await readPlace(trx, order.orderId)) },
    remedy: `compare \`current\` with your change, and send If-Match: "${order.version}" if the change still applies`,
  });
