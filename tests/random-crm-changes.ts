import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { personalDataSources } from '../crm/app.ts';
import { apiOrigin } from '../crm/customers/change/mandate-changes.ts';
import {
  type CrmContext,
  changeCustomer,
  createErasures,
  deleteCustomer,
  erasePerson,
  findErasedCustomers,
  inTransaction,
  lockCustomers,
  registerCustomer,
  repeatLastStates,
  writeCustomers,
} from '../crm/customers/index.ts';
import { importFile } from '../crm/imports/index.ts';
import { changeOrder, createOrder } from '../crm/orders/change-order.ts';
import type { OrderCommand } from '../crm/orders/order.ts';
import { DomainError } from '../packages/runtime/domain-error.ts';
import { dataFolder } from './platform-process.ts';

type Transition = Exclude<OrderCommand['type'], 'CreateOrder' | 'UpdateOrder'>;

/** A change of the CRM. `customer` and `order` are places in the list of those that exist by then; `number` is a customerId. */
export type RandomChange =
  | { readonly type: 'register' }
  | {
      readonly type: 'rename' | 'delete' | 'erase' | 'registerAgain' | 'republish' | 'order';
      readonly customer: number;
    }
  | { readonly type: 'import'; readonly number: number }
  | { readonly type: 'update'; readonly order: number; readonly quantity: number }
  | { readonly type: Transition; readonly order: number };

const [customer, order] = [fc.nat(5), fc.nat(5)];
const change = <Type extends RandomChange['type']>(weight: number, type: Type, fields: object = {}) => ({
  weight,
  arbitrary: fc.record({ type: fc.constant(type), ...fields }) as unknown as fc.Arbitrary<RandomChange>,
});

export const randomChange: fc.Arbitrary<RandomChange> = fc.oneof(
  change(5, 'register'),
  change(4, 'rename', { customer }),
  change(2, 'delete', { customer }),
  change(2, 'erase', { customer }),
  change(2, 'registerAgain', { customer }),
  change(1, 'republish', { customer }),
  change(1, 'import', { number: fc.integer({ min: 1, max: 9 }) }),
  change(5, 'order', { customer }),
  change(4, 'update', { order, quantity: fc.integer({ min: 1, max: 3 }) }),
  change(1, 'ShipOrder', { order }),
  change(1, 'DeliverOrder', { order }),
  change(1, 'CancelOrder', { order }),
  change(1, 'RejectOrder', { order }),
);

export type RandomChanges = {
  readonly orderIds: readonly string[];
  /** Every name that a customer ever had, by customerId. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  /** A change that a rule refuses has no effect. */
  execute(change: RandomChange): Promise<void>;
  close(): Promise<void>;
};

/** Executes changes by the use cases of the CRM. */
export const openRandomChanges = (context: CrmContext): RandomChanges => {
  const erasures = createErasures({ db: context.db, sources: personalDataSources });
  const folder = dataFolder();
  const orderIds: string[] = [];
  const names = new Map<string, string[]>();
  let written = 0;

  const nextData = () => {
    written++;
    return {
      ...{ firstName: 'First', lastName: `Name${written}x`, city: 'Delft', connectionId: String(1_000 + written) },
      ...{ connectionMandate: '1' as const, email: null, phone: null },
    };
  };
  const remember = (customerId: string, { lastName }: { lastName: string }) => {
    names.set(customerId, [...(names.get(customerId) ?? []), lastName]);
  };
  const pick = (ids: readonly string[], place: number) => ids[place % ids.length] ?? '1';

  const importCustomer = async (number: number) => {
    const data = nextData();
    const file = join(folder, `${written}.csv`);
    const { firstName, lastName, city, connectionId, connectionMandate } = data;
    const header = 'customerId,firstName,lastName,city,connectionId,connectionMandate';
    writeFileSync(file, `${header}\n${[number, firstName, lastName, city, connectionId, connectionMandate]}\n`);
    const { created, updated } = await importFile(context, file, { dryRun: false, onConflict: 'update' });
    if (created + updated > 0) remember(String(number), data);
  };

  /** Only a customer that was deleted and not erased can be registered again under its number. */
  const registerAgain = (customerId: string) =>
    inTransaction(context, async (trx) => {
      const isErased = (await findErasedCustomers(trx, [Number(customerId)])).size > 0;
      if (!names.has(customerId) || isErased || (await lockCustomers(trx, 'customerId', [customerId])).length > 0)
        return;
      const data = nextData();
      await writeCustomers(trx, [{ after: data, customerId }], { ...context, ...apiOrigin });
      remember(customerId, data);
    });

  const placeOrder = async (customerId: string) => {
    const unitPrice = { amount: 1999, currency: 'EUR' };
    const data = { customerId, productId: 'p1', quantity: 2, unitPrice, expectedDeliveryDate: '2026-12-24' };
    orderIds.push((await createOrder(context, { data, place: null })).order.orderId);
  };

  const execute = async (change: RandomChange): Promise<void> => {
    if ('order' in change) {
      const orderId = pick(orderIds, change.order);
      return void (await changeOrder(
        context,
        change.type === 'update'
          ? { type: 'UpdateOrder', orderId, quantity: change.quantity }
          : { type: change.type, orderId },
      ));
    }
    if (change.type === 'import') return importCustomer(change.number);
    const data = nextData();
    if (change.type === 'register') {
      const { customer } = await registerCustomer(context, data);
      return remember(customer.customerId, data);
    }
    const customerId = pick([...names.keys()], change.customer);
    if (change.type === 'delete') return void (await deleteCustomer(context, customerId));
    if (change.type === 'erase') return void (await erasePerson(context, erasures, customerId));
    if (change.type === 'republish') return repeatLastStates(context, [customerId]);
    if (change.type === 'order') return placeOrder(customerId);
    if (change.type === 'registerAgain') return registerAgain(customerId);
    await changeCustomer(context, customerId, (before) => ({ ...before, lastName: data.lastName }));
    remember(customerId, data);
  };

  return {
    orderIds,
    names,
    execute: (change) =>
      execute(change).catch((error) => {
        if (!(error instanceof DomainError)) throw error;
      }),
    close: erasures.close,
  };
};
