import { useSignal } from '@preact/signals';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { MandateBadge, mandates } from '../../parts/mandate.tsx';
import type { Mandate } from '../../services/customers.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import { type Customer, changeMandate, findCustomers, findRandomCustomer } from './change-mandate.ts';

/** Chooses a customer and changes the mandate. */
export const ChangePanel = () => {
  const text = useSignal('');
  const customer = useSignal<Customer | undefined>(undefined);
  const mandate = useSignal<Mandate>('0');
  const error = useSignal<Error | undefined>(undefined);
  const isRunning = useSignal(false);
  const found = useLoaded(text.value, (signal) => findCustomers(text.value, signal));
  const choose = (next: Customer | undefined) => {
    customer.value = next;
    // Another level than the present one is the likely wish.
    mandate.value = next?.connectionMandate === '2' ? '1' : '2';
  };
  const attempt = async (work: () => Promise<void>) => {
    isRunning.value = true;
    error.value = undefined;
    await work().catch((reason: Error) => {
      error.value = reason;
    });
    isRunning.value = false;
  };
  const change = async (next: Mandate) => {
    const chosen = customer.peek();
    if (!chosen) return;
    await changeMandate(chosen, next);
    choose({ ...chosen, connectionMandate: next });
  };
  return (
    <section class="panel" aria-labelledby="change">
      <h2 id="change">1. Change a mandate in the CRM</h2>
      <label class="field">
        <span>Last name, or number of the connection</span>
        <input
          type="search"
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value.trim();
          }}
        />
      </label>
      <ul class="choices" aria-label="Customers">
        {found.value?.map((one) => (
          <li key={one.customerId}>
            <button
              type="button"
              class="quiet"
              aria-pressed={one.customerId === customer.value?.customerId}
              onClick={() => choose(one)}
            >
              {one.firstName} {one.lastName}, {one.city}, connection {one.connectionId}
            </button>
          </li>
        ))}
        <li>
          <button
            type="button"
            class="quiet"
            onClick={() => void attempt(async () => choose(await findRandomCustomer()))}
          >
            Random customer
          </button>
        </li>
      </ul>
      {found.value?.length === 0 && (
        <p class="note">
          {text.value
            ? 'No customer has this connection, or a last name that begins so.'
            : 'There is no customer yet. Import some first.'}
        </p>
      )}
      <ErrorMessage error={error.value ?? found.error} />
      {customer.value ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void attempt(() => change(mandate.peek()));
          }}
        >
          <p>
            <strong>
              {customer.value.firstName} {customer.value.lastName}
            </strong>
            , connection{' '}
            <a href={`/console/connections/${encodeURIComponent(customer.value.connectionId)}`}>
              {customer.value.connectionId}
            </a>
            , has <MandateBadge mandate={customer.value.connectionMandate} />
          </p>
          <fieldset>
            <legend>New mandate</legend>
            {(['0', '1', '2'] as const).map((level) => (
              <label key={level} class="choice">
                <input
                  type="radio"
                  name="mandate"
                  checked={mandate.value === level}
                  onChange={() => {
                    mandate.value = level;
                  }}
                />
                <span>
                  <strong>
                    {level} {mandates[level].name}.
                  </strong>{' '}
                  {mandates[level].permits}
                </span>
              </label>
            ))}
          </fieldset>
          <div class="actions">
            <button type="submit" disabled={isRunning.value}>
              Change the mandate
            </button>
          </div>
        </form>
      ) : (
        <p class="note">Choose a customer to change the mandate.</p>
      )}
    </section>
  );
};
