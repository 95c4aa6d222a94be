import { useEffect, useState } from 'preact/hooks';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { Field, Select } from '../../parts/field.tsx';
import { FilterForm, readFilters } from '../../parts/filter-form.tsx';
import { ListTable, shownRows } from '../../parts/list.tsx';
import { MandateBadge, mandates } from '../../parts/mandate.tsx';
import { Time } from '../../parts/time.tsx';
import { crm } from '../../services/client.ts';
import { type Customer, nameOf } from '../../services/customers.ts';
import { useAction } from '../../services/use-action.ts';
import { usePages } from '../../services/use-pages.ts';
import { customerFilters, customersPath, planCustomers } from './customer-filters.ts';

const columns = ['Number', 'Name', 'City', 'Connection', 'Mandate', 'E-mail', 'Changed'];
const mandateOptions = [
  ['', 'any'],
  ...Object.entries(mandates).map(([level, { name }]) => [level, `${level} ${name}`] as const),
] as const;

/** Finds customers. The address has the filters, so a link repeats the search. */
export const CustomersPage = () => {
  const filters = readFilters(customerFilters);
  const path = customersPath(filters);
  const list = usePages<Customer>(crm, path, shownRows());
  return (
    <>
      <h1>Customers</h1>
      <p>
        <a class="button" href="/console/customers/new">
          Register a customer
        </a>
      </p>
      <FilterForm key={path} label="Search customers" filters={filters} plan={planCustomers}>
        {(bind) => (
          <>
            <Field label="Name" type="search" hint="The beginning of “last name first name”" {...bind('name')} />
            <Field label="City" type="search" hint="The whole name" {...bind('city')} />
            <Select label="Mandate" options={mandateOptions} {...bind('connectionMandate')} />
            <Field label="E-mail address" type="search" hint="Exactly this address" {...bind('email')} />
            <Field label="Connection" type="search" hint="Its whole number" {...bind('connectionId')} />
          </>
        )}
      </FilterForm>
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
