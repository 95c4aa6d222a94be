import { useState } from 'preact/hooks';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { Time } from '../../parts/time.tsx';
import { type Customer, nameOf, readCustomer } from '../../services/customers.ts';
import { Problem } from '../../services/problem.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import { CustomerOrders } from './customer-orders.tsx';
import { EditCustomer } from './edit-customer.tsx';
import { MandateHistory } from './mandate-history.tsx';
import { PersonalData } from './personal-data.tsx';

/** One customer: the record, its mandates, its orders, and the data of the person. */
export const CustomerPage = ({ customerId }: { customerId: string }) => {
  const loaded = useLoaded(customerId, (signal) => readCustomer(customerId, signal));
  const [saved, setSaved] = useState<Customer>();
  // Evidence and personal data of a removed customer remain.
  const isGone = loaded.error instanceof Problem && loaded.error.status === 404;
  const customer = isGone ? undefined : (saved ?? loaded.value);
  const reload = () => {
    setSaved(undefined);
    loaded.reload();
  };
  return (
    <>
      <h1>{customer ? `${nameOf(customer)}, customer ${customerId}` : `Customer ${customerId}`}</h1>
      {!customer && !loaded.error && <p class="note">Loading…</p>}
      {isGone ? (
        <p class="panel">
          There is no such customer now. If there was one who was deleted or erased, the evidence of consent is below.
          Search the <a href="/console/customers">customers</a> for somebody else.
        </p>
      ) : (
        <ErrorMessage error={loaded.error} />
      )}
      {customer && (
        <>
          <p class="note">
            Version {customer.version}, changed <Time at={customer.updatedAt} />, registered{' '}
            <Time at={customer.createdAt} />.{' '}
            <a href={`/console/connections/${encodeURIComponent(customer.connectionId)}`}>
              Connection {customer.connectionId}
            </a>{' '}
            shows whether the IoT platform agrees.
          </p>
          <EditCustomer key={customerId} customer={customer} onSaved={setSaved} />
        </>
      )}
      <MandateHistory customerId={customerId} version={customer?.version ?? 0} />
      <CustomerOrders customerId={customerId} version={customer?.version} />
      <PersonalData customerId={customerId} version={customer?.version} onChanged={reload} />
    </>
  );
};
