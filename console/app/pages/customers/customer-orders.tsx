import { ListTable, shownRows } from '../../parts/list.tsx';
import { customerView } from '../../services/client.ts';
import { pathOf } from '../../services/customers.ts';
import type { Order } from '../../services/orders.ts';
import { usePages } from '../../services/use-pages.ts';
import { OrderRow, orderColumns } from '../orders/order-row.tsx';

/** The orders of one customer, from the customer-view. */
export const CustomerOrders = ({ customerId, canOrder }: { customerId: string; canOrder: boolean }) => {
  const list = usePages<Order>(customerView, `${pathOf(customerId)}/orders`, shownRows('orders'));
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
      {canOrder && <p>{newOrder}</p>}
    </section>
  );
};
