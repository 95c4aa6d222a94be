import { Time } from '../../parts/time.tsx';
import { nameOf } from '../../services/customers.ts';
import { showMoney } from '../../services/money.ts';
import type { Order, Status } from '../../services/orders.ts';

export const orderColumns = ['Order', 'Customer', 'Product', 'Quantity #', 'Total #', 'Status', 'Delivery', 'Created'];

const tones: Readonly<Record<Status, string>> = {
  pending: 'mandate-1',
  shipped: 'mandate-2',
  delivered: 'mandate-2',
  cancelled: 'mandate-0',
  rejected: 'mandate-0',
};

export const StatusBadge = ({ status }: { status: Status }) => <span class={`badge ${tones[status]}`}>{status}</span>;

export const OrderRow = ({ order }: { order: Order }) => (
  <tr>
    <td>
      <a href={`/console/orders/${order.orderId}`}>
        <code>{order.orderId.slice(0, 8)}</code>
      </a>
    </td>
    <td>
      <a href={`/console/customers/${order.customerId}`}>
        {order.customer ? nameOf(order.customer) : `customer ${order.customerId}`}
      </a>
    </td>
    <td>{order.productId}</td>
    <td class="number">{order.quantity.toLocaleString()}</td>
    <td class="number">{showMoney(order.total)}</td>
    <td>
      <StatusBadge status={order.status} />
    </td>
    <td>{formatDate(order.expectedDeliveryDate)}</td>
    <td>
      <Time at={order.createdAt} />
    </td>
  </tr>
);

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });

/** A date without time, which is the same in every time zone. */
export const formatDate = (date: string): string => {
  const time = Date.parse(date);
  return Number.isNaN(time) ? date : dateFormat.format(time);
};
