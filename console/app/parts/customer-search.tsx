import { useEffect, useState } from 'preact/hooks';
import { crm } from '../services/client.ts';
import { type Customer, nameOf, readCustomer } from '../services/customers.ts';
import { useLoaded } from '../services/use-loaded.ts';
import type { Page } from '../services/use-pages.ts';
import { ErrorMessage } from './error-message.tsx';
import { Field } from './field.tsx';

const maxFound = 8;
const typingMs = 250;

/** Finds customers by the beginning of the last name, or one by the number. */
export const CustomerSearch = ({
  chosen,
  error,
  onChoose,
}: {
  /** The number of the chosen customer; empty without one. */
  chosen: string;
  error?: string | undefined;
  onChoose: (customerId: string) => void;
}) => {
  const [text, setText] = useState('');
  const [wanted, setWanted] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setWanted(text.trim()), typingMs);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useLoaded(wanted, (signal) => findCustomers(wanted, signal));
  const customer = useLoaded(`chosen ${chosen}`, async (signal) =>
    chosen === '' ? undefined : readCustomer(chosen, signal),
  );
  const items = wanted === '' ? [] : (found.value ?? []);
  return (
    <div>
      <Field
        label="Customer"
        name="customerId"
        type="search"
        hint="The beginning of the last name, or a customer number. Then choose one of those found."
        value={text}
        error={error}
        onChange={setText}
      />
      <ErrorMessage error={found.error} />
      <ul class="found" aria-label="Customers found">
        {items.map((item) => (
          <li key={item.customerId}>
            <button type="button" class="quiet" onClick={() => onChoose(item.customerId)}>
              {nameOf(item)}, {item.city} (customer {item.customerId})
            </button>
          </li>
        ))}
      </ul>
      <p role="status">
        {chosen !== '' && (
          <>
            Chosen: <b>{customer.value ? nameOf(customer.value) : 'customer'}</b>, number {chosen}.{' '}
            {customer.error?.message}
          </>
        )}
        {wanted !== '' && items.length === 0 && !found.isLoading && ' No customer is found.'}
      </p>
    </div>
  );
};

const findCustomers = async (text: string, signal: AbortSignal): Promise<readonly Customer[]> => {
  if (text === '') return [];
  const path = `/customers?${new URLSearchParams({ name: text, limit: String(maxFound) })}`;
  const byName = (await crm.call<Page<Customer>>(path, { signal })).body.items;
  if (!/^[0-9]+$/.test(text)) return byName;
  const byNumber = await readCustomer(text, signal).catch(() => undefined);
  return byNumber ? [byNumber, ...byName] : byName;
};
