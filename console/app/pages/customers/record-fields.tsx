import { Field } from '../../parts/field.tsx';
import { MandateChoice } from '../../parts/mandate-choice.tsx';
import type { CustomerData } from '../../services/customers.ts';
import { Problem } from '../../services/problem.ts';
import { type Evidence, EvidenceFields } from './evidence.tsx';
import { describeMandateChange } from './mandate-effects.ts';
import { type Draft, type FieldName, labels } from './merge.ts';

const inputs = [
  ['firstName', 'text'],
  ['lastName', 'text'],
  ['city', 'text'],
  ['connectionId', 'text'],
  ['email', 'email'],
  ['phone', 'tel'],
] as const satisfies readonly (readonly [FieldName, string])[];

/** The fields of a customer, each with the error that the CRM has about it, and what saving does to mandates. */
export const RecordFields = ({
  before,
  draft,
  evidence,
  error,
  onDraft,
  onEvidence,
}: {
  /** The stored record; undefined for a new customer. */
  before: CustomerData | undefined;
  draft: Draft;
  evidence: Evidence;
  error: Error | undefined;
  onDraft: (draft: Draft) => void;
  onEvidence: (evidence: Evidence) => void;
}) => {
  const problem = error instanceof Problem ? error : undefined;
  const effects = describeMandateChange(before, draft);
  return (
    <>
      <div class="fields">
        {inputs.map(([name, type]) => (
          <Field
            key={name}
            type={type}
            label={labels[name]}
            name={name}
            value={draft[name]}
            hint={name === 'email' || name === 'phone' ? 'Optional' : undefined}
            error={problem?.expected(name)}
            onChange={(value) => onDraft({ ...draft, [name]: value })}
          />
        ))}
      </div>
      <MandateChoice
        value={draft.connectionMandate}
        error={problem?.expected('connectionMandate')}
        onChange={(connectionMandate) => onDraft({ ...draft, connectionMandate })}
      />
      <div role="status">
        {effects.map((effect) => (
          <p key={effect}>{effect}</p>
        ))}
      </div>
      {effects.length > 0 && <EvidenceFields evidence={evidence} problem={problem} onChange={onEvidence} />}
    </>
  );
};
