import { useState } from 'preact/hooks';
import { Form } from '../../parts/form.tsx';
import { crm } from '../../services/client.ts';
import { type Customer, pathOf } from '../../services/customers.ts';
import { Problem } from '../../services/problem.ts';
import { useAction } from '../../services/use-action.ts';
import { ConflictDialog } from './conflict-dialog.tsx';
import { noEvidence, toHeaders } from './evidence.tsx';
import { createPatch, type Draft, toDraft } from './merge.ts';
import { RecordFields } from './record-fields.tsx';

/** What another user stored while the clerk was editing. */
type Conflict = { readonly mine: Draft; readonly stored: Customer };

/** Edits a record. A change of a version that is no longer stored is compared with the stored one, and never overwrites it. */
export const EditCustomer = ({ customer, onSaved }: { customer: Customer; onSaved: (customer: Customer) => void }) => {
  const [before, setBefore] = useState(customer);
  const [draft, setDraft] = useState(() => toDraft(customer));
  const [evidence, setEvidence] = useState(noEvidence);
  const [conflict, setConflict] = useState<Conflict>();
  const [message, setMessage] = useState('');
  const saving = useAction();
  const patch = createPatch(before, draft);

  const begin = (stored: Customer) => {
    setBefore(stored);
    setDraft(toDraft(stored));
    setConflict(undefined);
    onSaved(stored);
  };
  const save = async (from: Customer, mine: Draft) => {
    setMessage('');
    const headers = { 'If-Match': `"${from.version}"`, ...toHeaders(evidence) };
    const options = { method: 'PATCH', headers, body: createPatch(from, mine) };
    try {
      const { body } = await crm.call<Customer>(pathOf(from.customerId), options);
      begin(body);
      setEvidence(noEvidence);
      setMessage(`Saved as version ${body.version}.`);
    } catch (error) {
      const stored = findStored(error);
      if (!stored) throw error;
      setBefore(from);
      setConflict({ mine, stored });
    }
  };
  return (
    <section class="panel" aria-label="Record">
      <h2>Record</h2>
      <Form label="Customer" error={saving.error} onSubmit={() => void saving.run(() => save(before, draft))}>
        <RecordFields
          before={before}
          draft={draft}
          evidence={evidence}
          error={saving.error}
          onDraft={setDraft}
          onEvidence={setEvidence}
        />
        <div class="actions">
          <button type="submit" disabled={saving.isRunning || Object.keys(patch).length === 0}>
            Save
          </button>
          <button type="button" class="quiet" onClick={() => setDraft(toDraft(before))}>
            Undo my changes
          </button>
        </div>
      </Form>
      <p role="status" class="success">
        {message}
      </p>
      {conflict && (
        <ConflictDialog
          key={conflict.stored.version}
          before={before}
          mine={conflict.mine}
          stored={conflict.stored}
          onCancel={() => setConflict(undefined)}
          onResolved={(merged) => {
            begin(conflict.stored);
            setDraft(merged);
            if (Object.keys(createPatch(conflict.stored, merged)).length > 0)
              void saving.run(() => save(conflict.stored, merged));
          }}
        />
      )}
    </section>
  );
};

/** The answer to a change of an older version has the stored record. */
const findStored = (error: unknown): Customer | undefined =>
  error instanceof Problem && error.status === 412 ? (error.document.current as Customer | undefined) : undefined;
