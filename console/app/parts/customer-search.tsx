import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Customer, nameOf, searchCustomers } from '../services/customers.ts';
import { useLoaded } from '../services/use-loaded.ts';
import { ErrorMessage } from './error-message.tsx';
import { Field } from './field.tsx';

const typingMs = 250;

/** Chooses one of the customers that a search finds. */
export const CustomerSearch = ({
  chosen,
  error,
  onChoose,
  children,
}: {
  /** The number of the chosen customer; empty without one. */
  chosen: string;
  /** What is expected, if the choice is refused. */
  error?: string | undefined;
  onChoose: (customer: Customer) => void;
  /** More choices, as list items. */
  children?: ComponentChildren;
}) => {
  const [text, setText] = useState('');
  const [wanted, setWanted] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setWanted(text.trim()), typingMs);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useLoaded(wanted, (signal) => searchCustomers(wanted, signal));
  return (
    <>
      <Field
        label="Customer"
        name="customerId"
        type="search"
        hint="The beginning of the last name, or the number of the customer or of the connection. Then choose one."
        value={text}
        error={error}
        onChange={setText}
      />
      <ErrorMessage error={found.error} />
      <ul class="choices" aria-label="Customers found">
        {found.value?.map((customer) => (
          <li key={customer.customerId}>
            <button
              type="button"
              class="quiet"
              aria-pressed={customer.customerId === chosen}
              onClick={() => onChoose(customer)}
            >
              {nameOf(customer)}, {customer.city}, {customer.connectionId}
            </button>
          </li>
        ))}
        {children}
      </ul>
      <p class="note" role="status">
        {found.value?.length === 0 &&
          (wanted === '' ? 'There is no customer yet. Register or import some first.' : 'No customer is found.')}
      </p>
    </>
  );
};
