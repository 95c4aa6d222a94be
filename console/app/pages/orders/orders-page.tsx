import { Field, Select } from '../../parts/field.tsx';
import { FilterForm, readFilters } from '../../parts/filter-form.tsx';
import { ListTable, shownRows } from '../../parts/list.tsx';
import { customerView } from '../../services/client.ts';
import { type Order, statuses } from '../../services/orders.ts';
import { usePages } from '../../services/use-pages.ts';
import { orderFilters, ordersPath, planOrders } from './order-filters.ts';
import { OrderRow, orderColumns } from './order-row.tsx';

const statusOptions = [['', 'any'], ...statuses.map((name) => [name, name] as const)] as const;
const nameOptions = [
  ['', 'with names of customers'],
  ['no', 'orders only'],
] as const;

/** The orders of the customer-view. The address has the filters. */
export const OrdersPage = () => {
  const filters = readFilters(orderFilters);
  const path = ordersPath(filters);
  const list = usePages<Order>(customerView, path, shownRows());
  return (
    <>
      <h1>Orders</h1>
      <p>
        <a class="button" href="/console/orders/new">
          Place an order
        </a>
      </p>
      <FilterForm key={path} label="Search orders" filters={filters} plan={planOrders}>
        {(bind) => (
          <>
            <Select label="Status" options={statusOptions} {...bind('status')} />
            <Field label="Product" type="search" {...bind('product')} />
            <Field label="Customer number" type="search" inputMode="numeric" {...bind('customer')} />
            <Field label="From" type="date" hint="First day, in UTC" {...bind('from')} />
            <Field label="Before" type="date" hint="Not part of it, in UTC" {...bind('to')} />
            <Select label="Names" options={nameOptions} {...bind('names')} />
          </>
        )}
      </FilterForm>
      <ListTable
        list={list}
        caption="Orders"
        columns={orderColumns}
        empty={
          <p>
            No order matches. <a href="/console/orders">Clear the filters</a>, or{' '}
            <a href="/console/orders/new">place an order</a>.
          </p>
        }
      >
        {(order) => <OrderRow key={order.orderId} order={order} />}
      </ListTable>
    </>
  );
};
