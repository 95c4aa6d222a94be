import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderStatuses } from '../../contracts/events/order-changed/schema.ts';
import { decide, transitions } from './decide.ts';
import { evolve, type Order, type OrderCommand, type OrderData, type OrderEvent, toOrderState } from './order.ts';

const orderId = '0b0f8f0e-6f0a-4c59-9d6c-6f1f0e0d5a01';
const data: OrderData = {
  customerId: '7',
  productId: 'p1',
  quantity: 3,
  unitPrice: { amount: 1999, currency: 'EUR' },
  expectedDeliveryDate: '2026-12-24',
};
const created: OrderEvent = { type: 'OrderCreated', data: { ...data, orderId } };
const moved = (type: 'OrderShipped' | 'OrderDelivered' | 'OrderCancelled' | 'OrderRejected'): OrderEvent => ({
  type,
  data: {},
});

/** The state after the events, which are recorded a millisecond apart, from a snapshot after `version` events on. */
const replay = (events: readonly OrderEvent[], snapshot?: Order, version = 0): Order | undefined =>
  events.reduce((order, event, n) => evolve(order, { ...event, recordedAt: 1_000 + version + n }), snapshot);
const given = (...events: OrderEvent[]) => ({
  when: (command: Exclude<OrderCommand, { type: 'CreateOrder' }>['type'], changes: object = {}) =>
    decide({ type: command, orderId, ...changes } as OrderCommand, replay(events)),
});

describe('an order', () => {
  it('is created', () => {
    expect(decide({ type: 'CreateOrder', orderId, ...data }, undefined)).toEqual([created]);
    expect(replay([created])).toEqual({
      ...data,
      orderId,
      status: 'pending',
      version: 1,
      createdAt: 1_000,
      updatedAt: 1_000,
    });
  });

  it('is not created twice', () =>
    expect(() => decide({ type: 'CreateOrder', orderId, ...data }, replay([created]))).toThrow('exists already'));

  it('records only the fields that an update changes', () => {
    const changes = { quantity: 3, expectedDeliveryDate: '2027-01-05' };
    const updated = [{ type: 'OrderUpdated', data: { expectedDeliveryDate: '2027-01-05' } }];
    expect(given(created).when('UpdateOrder', changes)).toEqual(updated);
    expect(given(created, updated[0] as OrderEvent).when('UpdateOrder', changes)).toEqual([]);
  });

  it('keeps its creation time, and has the time of its last event', () =>
    expect(replay([created, moved('OrderShipped'), moved('OrderDelivered')])).toMatchObject({
      createdAt: 1_000,
      updatedAt: 1_002,
      status: 'delivered',
      version: 3,
    }));

  it('cannot be changed before it exists', () =>
    expect(() => given().when('ShipOrder')).toThrow(`There is no order ${orderId}.`));
});

/** The events that lead to each status. */
const pathTo: Record<(typeof orderStatuses)[number], readonly OrderEvent[]> = {
  pending: [created],
  shipped: [created, moved('OrderShipped')],
  delivered: [created, moved('OrderShipped'), moved('OrderDelivered')],
  cancelled: [created, moved('OrderCancelled')],
  rejected: [created, moved('OrderRejected')],
};

/** The documented table, written out, so that a change of the code's table fails here. */
const allowed: Record<string, readonly string[]> = {
  pending: ['UpdateOrder', 'ShipOrder', 'CancelOrder', 'RejectOrder'],
  shipped: ['DeliverOrder'],
  delivered: [],
  cancelled: [],
  rejected: [],
};
const commands = Object.keys(transitions) as (keyof typeof transitions)[];

describe.each(orderStatuses)('an order that is %s', (status) => {
  it.each(commands)('allows %s, or refuses it with the reason', (command) => {
    const act = () => given(...pathTo[status]).when(command, command === 'UpdateOrder' ? { quantity: 9 } : {});
    if (allowed[status]?.includes(command)) expect(act()).toMatchObject([{ type: transitions[command].event }]);
    else
      expect(act).toThrow(
        expect.objectContaining({
          code: 'order-transition-refused',
          facts: { orderStatus: status, allowedFrom: transitions[command].from },
        }),
      );
  });
});

const command = fc.oneof(
  fc.constantFrom('ShipOrder', 'DeliverOrder', 'CancelOrder', 'RejectOrder').map((type) => ({ type, orderId })),
  fc.record(
    {
      type: fc.constant('UpdateOrder'),
      orderId: fc.constant(orderId),
      quantity: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 1_000_000_000 })),
      expectedDeliveryDate: fc.constantFrom('2026-12-24', '2027-01-05'),
    },
    { requiredKeys: ['type', 'orderId'] },
  ),
) as fc.Arbitrary<Exclude<OrderCommand, { type: 'CreateOrder' }>>;
const amount = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.maxSafeNat());

it('any commands obey the table of transitions, and the total and version follow from the events', () => {
  let refused = 0;
  fc.assert(
    fc.property(amount, fc.array(command, { maxLength: 12 }), (price, sent) => {
      const priced = { ...data, quantity: 1, unitPrice: { amount: price, currency: 'EUR' } };
      const events = decide({ type: 'CreateOrder', orderId, ...priced }, undefined);
      for (const one of sent) {
        const before = replay(events) as Order;
        const { from, event } = transitions[one.type];
        const isAllowed = allowed[before.status]?.includes(one.type);
        expect((from as readonly string[]).includes(before.status)).toBe(isAllowed);
        try {
          const caused = decide(one, before);
          expect(isAllowed).toBe(true);
          expect(caused.every(({ type }) => type === event)).toBe(true);
          events.push(...caused);
        } catch (error) {
          refused++;
          expect(error).toMatchObject({ code: isAllowed ? 'total-too-large' : 'order-transition-refused' });
        }
        const after = replay(events) as Order;
        const { total } = toOrderState(after);
        expect(BigInt(total.amount)).toBe(BigInt(after.quantity) * BigInt(price));
        expect(after.version).toBe(events.length);
        expect(Number.isSafeInteger(total.amount)).toBe(true);
      }
      // A snapshot is the state as JSON.
      for (const [n] of events.entries()) {
        const snapshot: Order = JSON.parse(JSON.stringify(replay(events.slice(0, n + 1))));
        expect(replay(events.slice(n + 1), snapshot, n + 1)).toEqual(replay(events));
      }
    }),
    { seed: 16, numRuns: 500 },
  );
  expect(refused).toBeGreaterThan(0);
});
