import { useState } from 'preact/hooks';
import { Form } from '../../parts/form.tsx';
import { crm } from '../../services/client.ts';
import type { Customer } from '../../services/customers.ts';
import { createIdempotencyKeys } from '../../services/idempotency-keys.ts';
import { navigate } from '../../services/location.ts';
import { useAction } from '../../services/use-action.ts';
import { noEvidence, toHeaders } from './evidence.tsx';
import type { Draft } from './merge.ts';
import { RecordFields } from './record-fields.tsx';

const emptyDraft: Draft = {
  firstName: '',
  lastName: '',
  city: '',
  connectionId: '',
  email: '',
  phone: '',
  connectionMandate: '0',
};

/** Registers a customer. A repeated request registers no second one. */
export const NewCustomerPage = () => {
  const [draft, setDraft] = useState(emptyDraft);
  const [evidence, setEvidence] = useState(noEvidence);
  const [keyOf] = useState(createIdempotencyKeys);
  const saving = useAction();
  const save = async () => {
    const { email, phone, ...required } = draft;
    const body = { ...required, ...(email && { email }), ...(phone && { phone }) };
    const headers = { 'Idempotency-Key': keyOf(body), ...toHeaders(evidence) };
    const { body: customer } = await crm.call<Customer>('/customers', { method: 'POST', headers, body });
    navigate(`/console/customers/${customer.customerId}`, { replace: true });
  };
  return (
    <>
      <h1>Register a customer</h1>
      <Form label="New customer" error={saving.error} onSubmit={() => void saving.run(save)}>
        <RecordFields
          before={undefined}
          draft={draft}
          evidence={evidence}
          error={saving.error}
          onDraft={setDraft}
          onEvidence={setEvidence}
        />
        <div class="actions">
          <button type="submit" disabled={saving.isRunning}>
            Register
          </button>
          <a class="plain" href="/console/customers">
            Back to the customers
          </a>
        </div>
      </Form>
    </>
  );
};
