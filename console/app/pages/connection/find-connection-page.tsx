import { useSignal } from '@preact/signals';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { MandateBadge } from '../../parts/mandate.tsx';
import { ScrollBox } from '../../parts/scroll-box.tsx';
import { Time } from '../../parts/time.tsx';
import { listCustomers, nameOf, readCustomer } from '../../services/customers.ts';
import { navigate } from '../../services/location.ts';
import { useLoaded } from '../../services/use-loaded.ts';

const pathOf = (connectionId: string) => `/console/connections/${encodeURIComponent(connectionId)}`;

/** Asks which connection to show. */
export const FindConnectionPage = () => {
  const error = useSignal<Error | undefined>(undefined);
  const latest = useLoaded('latest', (signal) => listCustomers({ sort: '-updatedAt', limit: '10' }, signal));
  const find = async (kind: string, number: string) => {
    error.value = undefined;
    try {
      if (kind === 'connection') return navigate(pathOf(number));
      navigate(pathOf((await readCustomer(number)).connectionId));
    } catch (reason) {
      error.value = reason as Error;
    }
  };
  return (
    <>
      <h1>Connection</h1>
      <p>See whether the log, the CRM and the view agree about one connection, and what was in force at any time.</p>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          const data = new FormData(event.currentTarget);
          void find(String(data.get('kind')), String(data.get('number')).trim());
        }}
      >
        <label class="field">
          <span>Search by</span>
          <select name="kind">
            <option value="connection">number of the connection</option>
            <option value="customer">number of the customer</option>
          </select>
        </label>
        <label class="field">
          <span>Number</span>
          <input name="number" required />
        </label>
        <button type="submit">Show</button>
      </form>
      <ErrorMessage error={error.value ?? latest.error} />
      {latest.value?.length === 0 && <p class="note">There is no customer yet. Import some first.</p>}
      {latest.value && latest.value.length > 0 && (
        <ScrollBox label="Customers changed last">
          <table>
            <caption>Customers changed last</caption>
            <thead>
              <tr>
                <th>Connection</th>
                <th>Customer</th>
                <th>Mandate</th>
                <th>Changed</th>
              </tr>
            </thead>
            <tbody>
              {latest.value.map((customer) => (
                <tr key={customer.customerId}>
                  <td>
                    <a href={pathOf(customer.connectionId)}>{customer.connectionId}</a>
                  </td>
                  <td>{nameOf(customer)}</td>
                  <td>
                    <MandateBadge mandate={customer.connectionMandate} />
                  </td>
                  <td>
                    <Time at={customer.updatedAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollBox>
      )}
    </>
  );
};
