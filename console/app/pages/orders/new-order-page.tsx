import { useState } from 'preact/hooks';
import { CustomerSearch } from '../../parts/customer-search.tsx';
import { Field } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { crm } from '../../services/client.ts';
import { nameOf, readCustomer } from '../../services/customers.ts';
import { createIdempotencyKeys } from '../../services/idempotency-keys.ts';
import { address, navigate } from '../../services/location.ts';
import { currencyCodes, formatMoney, parsePrice } from '../../services/money.ts';
import type { Order } from '../../services/orders.ts';
import { Problem } from '../../services/problem.ts';
import { useAction } from '../../services/use-action.ts';
import { useLoaded } from '../../services/use-loaded.ts';

/** Places an order. A repeated request places no second one. */
export const NewOrderPage = () => {
  const [draft, setDraft] = useState(() => createDraft(address().searchParams.get('customer') ?? ''));
  const [keyOf] = useState(createIdempotencyKeys);
  const saving = useAction();
  const amount = parsePrice(draft.price, draft.currency);
  const problem = saving.error instanceof Problem ? saving.error : undefined;
  const bind = (name: keyof typeof draft, field: string = name) => ({
    name,
    value: draft[name],
    error: problem?.expected(field),
    onChange: (value: string) => setDraft((before) => ({ ...before, [name]: value })),
  });
  const place = async () => {
    const body = toBody(draft, amount);
    const headers = { 'Idempotency-Key': keyOf(body) };
    const { body: order } = await crm.call<Order>('/orders', { method: 'POST', headers, body });
    navigate(`/console/orders/${order.orderId}?placed=yes`, { replace: true });
  };
  const quantity = Number(draft.quantity);
  const priceError = draft.price !== '' && typeof amount === 'object' ? amount.expected : undefined;
  return (
    <>
      <h1>Place an order</h1>
      <Form label="New order" error={saving.error} onSubmit={() => void saving.run(place)}>
        <CustomerSearch
          chosen={draft.customerId}
          error={problem?.expected('customerId')}
          onChoose={({ customerId }) => setDraft((before) => ({ ...before, customerId }))}
        />
        {draft.customerId !== '' && <Chosen customerId={draft.customerId} />}
        <div class="fields">
          <Field label="Product" hint="Its id, for example thermostat" {...bind('productId')} />
          <Field label="Quantity" type="number" inputMode="numeric" {...bind('quantity')} />
          <Field
            label="Price of one"
            inputMode="decimal"
            {...bind('price', 'unitPrice.amount')}
            error={priceError ?? problem?.expected('unitPrice.amount') ?? problem?.expected('unitPrice')}
          />
          <Field label="Currency" suggestions={currencyCodes} {...bind('currency', 'unitPrice.currency')} />
          <Field label="Expected delivery" type="date" {...bind('expectedDeliveryDate')} />
          <Field label="Company" hint="Optional. It is published: no person’s name" {...bind('company')} />
          <Field label="Place of delivery" hint="Optional" {...bind('place')} />
        </div>
        <p role="status">
          {typeof amount === 'number' && Number.isSafeInteger(quantity) && quantity > 0 && (
            <>
              Total: {quantity.toLocaleString()} × {formatMoney(amount, draft.currency)} ={' '}
              <b>{formatMoney(String(BigInt(amount) * BigInt(quantity)), draft.currency)}</b>
            </>
          )}
        </p>
        <div class="actions">
          <button type="submit" disabled={saving.isRunning}>
            Place the order
          </button>
          <a class="plain" href="/console/orders">
            Back to the orders
          </a>
        </div>
      </Form>
    </>
  );
};

const Chosen = ({ customerId }: { customerId: string }) => {
  const { value, error } = useLoaded(customerId, (signal) => readCustomer(customerId, signal));
  return (
    <p role="status">
      For <b>{value && !error ? nameOf(value) : 'customer'}</b>, number {customerId}. {error?.message}
    </p>
  );
};

const createDraft = (customerId: string) => ({
  customerId,
  productId: '',
  quantity: '1',
  price: '',
  currency: 'EUR',
  expectedDeliveryDate: '',
  company: '',
  place: '',
});

/** What is not a number stays a text, which the API refuses with what it expects. */
const toNumber = (text: string) => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text);

const toBody = (draft: ReturnType<typeof createDraft>, amount: ReturnType<typeof parsePrice>) => {
  const { customerId, productId, quantity, price, currency, expectedDeliveryDate, company, place } = draft;
  return {
    customerId,
    productId: productId.trim(),
    quantity: toNumber(quantity),
    unitPrice: { amount: typeof amount === 'number' ? amount : price, currency: currency.trim().toUpperCase() },
    expectedDeliveryDate,
    ...(company && { company }),
    ...(place && { place }),
  };
};
