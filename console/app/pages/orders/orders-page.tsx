import { useState } from 'preact/hooks';
import { Field, Select } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { ListTable, shownRows } from '../../parts/list.tsx';
import { customerView } from '../../services/client.ts';
import { address, setParameters } from '../../services/location.ts';
import { type Order, statuses } from '../../services/orders.ts';
import { usePages } from '../../services/use-pages.ts';
import { canSortByTotal, orderFilters, ordersPath } from './order-filters.ts';
import { OrderRow, orderColumns } from './order-row.tsx';

/** The orders of the customer-view. The address has the filters. */
export const OrdersPage = () => {
  const { searchParams } = address();
  const filters = Object.fromEntries(orderFilters.map((name) => [name, searchParams.get(name) ?? '']));
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
      <OrderFilters key={path} filters={filters} />
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

const OrderFilters = ({ filters }: { filters: Readonly<Record<string, string>> }) => {
  const [draft, setDraft] = useState(filters);
  const bind = (name: (typeof orderFilters)[number]) => ({
    name,
    value: draft[name] ?? '',
    onChange: (value: string) => setDraft((before) => ({ ...before, [name]: value })),
  });
  return (
    <Form
      label="Search orders"
      onSubmit={() =>
        setParameters({
          ...draft,
          sort: canSortByTotal(draft) || !draft.sort?.endsWith('total') ? (draft.sort ?? '') : '',
          shown: '',
        })
      }
    >
      <div class="fields">
        <Select
          label="Status"
          options={[['', 'any'], ...statuses.map((name) => [name, name] as const)]}
          {...bind('status')}
        />
        <Field label="Product" type="search" {...bind('product')} />
        <Field label="Customer number" type="search" inputMode="numeric" {...bind('customer')} />
        <Field label="From" type="date" hint="First day, in UTC" {...bind('from')} />
        <Field label="Before" type="date" hint="Not part of it, in UTC" {...bind('to')} />
        <Select
          label="Sorted by"
          hint={canSortByTotal(draft) ? undefined : 'By total for one customer only'}
          options={[
            ['', 'created, latest first'],
            ['createdAt', 'created, earliest first'],
            ...(canSortByTotal(draft)
              ? ([
                  ['-total', 'total, highest first'],
                  ['total', 'total, lowest first'],
                ] as const)
              : []),
          ]}
          {...bind('sort')}
        />
        <Select
          label="Names"
          options={[
            ['', 'with names of customers'],
            ['no', 'orders only'],
          ]}
          {...bind('names')}
        />
      </div>
      <div class="actions">
        <button type="submit">Search</button>
        <a class="plain" href="/console/orders">
          Clear the filters
        </a>
      </div>
    </Form>
  );
};
