import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseCustomerChange } from '../contracts/events/customer-changed/upcasters.ts';
import { parseOrderChange } from '../contracts/events/order-changed/upcasters.ts';
import { customerEvent, customerState, orderEvent, orderState } from '../tests/customer-view-app.ts';
import { customers } from './customers/materialise.ts';
import { orders } from './orders/materialise.ts';

const encode = (event: object | undefined) => (event ? Buffer.from(JSON.stringify(event)) : Buffer.alloc(0));

/** A log of one key, in the order of its offsets, and deliveries of it: every record at least once, in any order. */
const deliveriesOf = <Change>(change: fc.Arbitrary<Change>) =>
  fc.array(change, { minLength: 1, maxLength: 12 }).chain((changes) =>
    fc.record({
      changes: fc.constant(changes),
      delivered: fc
        .array(fc.nat(changes.length - 1), { maxLength: 12 })
        .chain((again) =>
          fc.shuffledSubarray([...changes.keys(), ...again], { minLength: changes.length + again.length }),
        ),
    }),
  );

const customerChanges = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      version: fc.integer({ min: 1, max: 5 }),
      city: fc.constantFrom('Delft', 'Enschede', undefined),
    }),
  },
  { weight: 1, arbitrary: fc.constant('erased' as const) },
);

it('the customers view shows the highest revision in any order of delivery, and never a name after an erasure', () =>
  fc.assert(
    fc.property(deliveriesOf(customerChanges), ({ changes, delivered }) => {
      const events = changes.map((change, offset) => {
        if (change === 'erased')
          return parseCustomerChange({ value: encode(undefined), key: '7', timestamp: 0, partition: 0, offset });
        const { version, city } = change;
        const state = customerState('7', { version });
        const record = state.record && city ? { ...state.record, city } : null;
        return parseCustomerChange({
          value: encode(customerEvent({ ...state, record })),
          timestamp: 0,
          partition: 0,
          offset,
        });
      });
      const fold = (order: readonly number[]) =>
        order.map((n) => events[n] as (typeof events)[number]).reduce(customers.evolve, undefined as never);
      const { at: _, ...shown } = fold(delivered);
      const { at: __, ...inOrder } = fold([...events.keys()]);
      expect(shown).toEqual(inOrder);
      if (changes.includes('erased')) expect(shown).toMatchObject({ customerId: '7', isErased: true });
      if (changes.includes('erased')) expect(JSON.stringify(shown)).not.toContain('Lopez');
    }),
  ));

it('the orders view shows the highest version in any order of delivery', () =>
  fc.assert(
    fc.property(
      deliveriesOf(fc.record({ version: fc.integer({ min: 1, max: 5 }), quantity: fc.integer({ min: 1, max: 2 }) })),
      ({ changes, delivered }) => {
        const events = changes.map((change, offset) =>
          parseOrderChange({ value: encode(orderEvent(orderState(1, change))), timestamp: 0, partition: 0, offset }),
        );
        const fold = (order: readonly number[]) =>
          order.map((n) => events[n] as (typeof events)[number]).reduce(orders.evolve, undefined as never);
        const { at: _, ...shown } = fold(delivered);
        const { at: __, ...inOrder } = fold([...events.keys()]);
        expect(shown).toEqual(inOrder);
        expect(shown.version).toBe(Math.max(...changes.map(({ version }) => version)));
      },
    ),
  ));
