import { ListTable, shownRows } from '../../parts/list.tsx';
import { customerView } from '../../services/client.ts';
import { type Customer, pathOf } from '../../services/customers.ts';
import type { Order } from '../../services/orders.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import { usePages } from '../../services/use-pages.ts';
import { OrderRow, orderColumns } from '../orders/order-row.tsx';

const waitMs = 5_000;

/** The orders of one customer, from the customer-view. */
export const CustomerOrders = ({ customerId, version }: { customerId: string; version: number | undefined }) => {
  // The customer-view may not know a customer yet who was registered just now.
  const seen = useLoaded(`${customerId} ${version}`, async (signal) => {
    if (version === undefined) return 0;
    const path = `${pathOf(customerId)}?minVersion=${version}&waitMs=${waitMs}`;
    return (await customerView.call<Customer>(path, { signal })).body.version;
  });
  const list = usePages<Order>(customerView, `${pathOf(customerId)}/orders`, shownRows('orders'), seen.value);
  const newOrder = (
    <a href={`/console/orders/new?customer=${encodeURIComponent(customerId)}`}>Place an order for this customer</a>
  );
  return (
    <section class="panel" aria-label="Orders">
      <h2>Orders</h2>
      <ListTable
        list={list}
        parameter="orders"
        caption="Orders of this customer, the latest first"
        columns={orderColumns}
        empty={<p>This customer has no orders.</p>}
      >
        {(order) => <OrderRow key={order.orderId} order={order} />}
      </ListTable>
      {version !== undefined && <p>{newOrder}</p>}
    </section>
  );
};
