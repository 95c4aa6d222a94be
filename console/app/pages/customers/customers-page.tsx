import { useEffect, useState } from 'preact/hooks';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { ListTable, shownRows } from '../../parts/list.tsx';
import { MandateBadge } from '../../parts/mandate.tsx';
import { Time } from '../../parts/time.tsx';
import { crm } from '../../services/client.ts';
import { type Customer, nameOf } from '../../services/customers.ts';
import { address } from '../../services/location.ts';
import { useAction } from '../../services/use-action.ts';
import { usePages } from '../../services/use-pages.ts';
import { CustomerFilters } from './customer-filters.tsx';
import { type Filters, filterNames, listPath } from './filters.ts';

const columns = ['Number', 'Name', 'City', 'Connection', 'Mandate', 'E-mail', 'Changed'];

/** Finds customers. The address has the filters, so a link repeats the search. */
export const CustomersPage = () => {
  const { searchParams } = address();
  const filters: Filters = Object.fromEntries(filterNames.map((name) => [name, searchParams.get(name) ?? '']));
  const path = listPath(filters, searchParams.get('sort') ?? '');
  const list = usePages<Customer>(crm, path, shownRows());
  return (
    <>
      <h1>Customers</h1>
      <p>
        <a class="button" href="/console/customers/new">
          Register a customer
        </a>
      </p>
      <CustomerFilters key={path} filters={filters} sort={searchParams.get('sort') ?? ''} />
      <ListTable
        list={list}
        caption="Customers"
        columns={columns}
        empty={
          <>
            <p>No customer matches.</p>
            <p>
              Search by another beginning of the last name, <a href="/console/customers">clear the filters</a>,{' '}
              <a href="/console/customers/new">register a customer</a>, or{' '}
              <a href="/console/imports">import customers from a file</a>.
            </p>
          </>
        }
      >
        {(customer) => (
          <tr key={customer.customerId}>
            <td>{customer.customerId}</td>
            <td>
              <a href={`/console/customers/${customer.customerId}`}>{nameOf(customer)}</a>
            </td>
            <td>{customer.city}</td>
            <td>
              <a href={`/console/connections/${encodeURIComponent(customer.connectionId)}`}>{customer.connectionId}</a>
            </td>
            <td>
              <MandateBadge mandate={customer.connectionMandate} />
            </td>
            <td>{customer.email ?? <span class="note">none</span>}</td>
            <td>
              <Time at={customer.updatedAt} />
            </td>
          </tr>
        )}
      </ListTable>
      {list.items.length > 0 && <Total path={path} />}
    </>
  );
};

/** Counts only if it is asked, because the CRM then reads the whole list. */
const Total = ({ path }: { path: string }) => {
  const [total, setTotal] = useState<number>();
  const counting = useAction();
  useEffect(() => setTotal(undefined), [path]);
  const count = async () => {
    const { body } = await crm.call<{ total: { exactly: number } }>(`${path}&limit=1&total=exact`);
    setTotal(body.total.exactly);
  };
  return (
    <p role="status">
      {total === undefined ? (
        <button type="button" class="quiet" disabled={counting.isRunning} onClick={() => void counting.run(count)}>
          Count them all
        </button>
      ) : (
        `${total.toLocaleString()} customers in all.`
      )}
      <ErrorMessage error={counting.error} />
    </p>
  );
};
