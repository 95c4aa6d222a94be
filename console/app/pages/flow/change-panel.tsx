import { useSignal } from '@preact/signals';
import { CustomerSearch } from '../../parts/customer-search.tsx';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { MandateBadge } from '../../parts/mandate.tsx';
import { MandateChoice } from '../../parts/mandate-choice.tsx';
import { type Customer, findRandomCustomer, type Mandate, nameOf } from '../../services/customers.ts';
import { useAction } from '../../services/use-action.ts';
import { changeMandate } from './change-mandate.ts';

/** Chooses a customer and changes the mandate. */
export const ChangePanel = () => {
  const customer = useSignal<Customer | undefined>(undefined);
  const mandate = useSignal<Mandate>('0');
  const changing = useAction();
  const choose = (next: Customer | undefined) => {
    customer.value = next;
    // Another level than the present one is the likely wish.
    mandate.value = next?.connectionMandate === '2' ? '1' : '2';
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
      <CustomerSearch chosen={customer.value?.customerId ?? ''} onChoose={choose}>
        <li>
          <button
            type="button"
            class="quiet"
            onClick={() => void changing.run(async () => choose(await findRandomCustomer()))}
          >
            Random customer
          </button>
        </li>
      </CustomerSearch>
      <ErrorMessage error={changing.error} />
      {customer.value ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void changing.run(() => change(mandate.peek()));
          }}
        >
          <p>
            <strong>{nameOf(customer.value)}</strong>, connection{' '}
            <a href={`/console/connections/${encodeURIComponent(customer.value.connectionId)}`}>
              {customer.value.connectionId}
            </a>
            , has <MandateBadge mandate={customer.value.connectionMandate} />
          </p>
          <MandateChoice
            value={mandate.value}
            onChange={(next) => {
              mandate.value = next;
            }}
          />
          <div class="actions">
            <button type="submit" disabled={changing.isRunning}>
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
