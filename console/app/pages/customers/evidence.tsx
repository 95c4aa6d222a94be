import { Field, Select } from '../../parts/field.tsx';
import type { Problem } from '../../services/problem.ts';

export type Evidence = { readonly changedBy: string; readonly channel: string; readonly reference: string };

export const noEvidence: Evidence = { changedBy: '', channel: 'in-person', reference: '' };

const headerNames = {
  changedBy: 'Mandate-Changed-By',
  channel: 'Mandate-Channel',
  reference: 'Mandate-Reference',
} as const satisfies Record<keyof Evidence, string>;

/** The headers by which the CRM records who changed a mandate, how, and where the consent is kept. */
export const toHeaders = (evidence: Evidence): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headerNames).flatMap(([name, header]) => {
      const value = evidence[name as keyof Evidence].trim();
      return value === '' ? [] : [[header, value]];
    }),
  );

const channels = ['in-person', 'phone', 'letter', 'email', 'web', 'app', 'api', 'csv-import'];

/** Evidence of consent: who changes the mandate, through which channel, and where the consent is kept. */
export const EvidenceFields = ({
  evidence,
  problem,
  onChange,
}: {
  evidence: Evidence;
  problem: Problem | undefined;
  onChange: (evidence: Evidence) => void;
}) => {
  const bind = (name: keyof Evidence) => ({
    name,
    value: evidence[name],
    error: problem?.expected(headerNames[name]),
    onChange: (value: string) => onChange({ ...evidence, [name]: value }),
  });
  return (
    <fieldset>
      <legend>Evidence of consent</legend>
      <div class="fields">
        <Select label="Channel" options={channels.map((channel) => [channel, channel])} {...bind('channel')} />
        <Field label="Changed by" hint="For example: clerk 12" {...bind('changedBy')} />
        <Field label="Reference" hint="Where the consent is kept" {...bind('reference')} />
      </div>
    </fieldset>
  );
};
