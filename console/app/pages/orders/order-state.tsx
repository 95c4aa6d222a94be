import { Time } from '../../parts/time.tsx';
import { showMoney } from '../../services/money.ts';
import type { Order } from '../../services/orders.ts';
import { formatDate, StatusBadge } from './order-row.tsx';

/** The fields of an order. Those that differ from `before` are marked. */
export const OrderState = ({ order, before }: { order: Order; before?: Order | undefined }) => {
  const rows = [
    ['Version', (one: Order) => String(one.version)],
    ['Status', (one: Order) => one.status],
    ['Product', (one: Order) => one.productId],
    ['Quantity', (one: Order) => one.quantity.toLocaleString()],
    ['Price of one', (one: Order) => showMoney(one.unitPrice)],
    ['Total', (one: Order) => showMoney(one.total)],
    ['Delivery', (one: Order) => formatDate(one.expectedDeliveryDate)],
    ['Company', (one: Order) => one.company ?? 'none'],
    ['Place', (one: Order) => one.place ?? 'none'],
  ] as const;
  return (
    <table class="state">
      <tbody>
        <tr>
          <th scope="row">Customer</th>
          <td>
            <a href={`/console/customers/${order.customerId}`}>customer {order.customerId}</a>
          </td>
        </tr>
        {rows.map(([name, show]) => {
          const was = before && name !== 'Version' && show(before) !== show(order) ? show(before) : undefined;
          return (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                {name === 'Status' ? <StatusBadge status={order.status} /> : show(order)}
                {was !== undefined && <span class="note"> (before: {was})</span>}
              </td>
            </tr>
          );
        })}
        <tr>
          <th scope="row">Changed</th>
          <td>
            <Time at={order.updatedAt} />
          </td>
        </tr>
      </tbody>
    </table>
  );
};
