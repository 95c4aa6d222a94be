import type { RebuildOptions } from '../../services/operations.ts';

export type RebuildWish = Required<RebuildOptions>;

type Switch = 'inPlace' | 'acceptDifferences' | 'fullSpeed' | 'compareWithSource';
const switches: readonly { readonly name: Switch; readonly label: string; readonly needsSource: boolean }[] = [
  { name: 'compareWithSource', label: 'Compare with the CRM before it answers', needsSource: true },
  { name: 'acceptDifferences', label: 'Let it answer also if the comparison finds differences', needsSource: false },
  { name: 'fullSpeed', label: 'Read the log at full speed, which slows the service down', needsSource: false },
  {
    name: 'inPlace',
    label: 'In place: empty the view first, so that it refuses until it is complete',
    needsSource: false,
  },
];

/** The options of a rebuild. */
export const RebuildForm = ({
  wish,
  hasSource,
  onChange,
}: {
  wish: RebuildWish;
  hasSource: boolean;
  onChange: (wish: RebuildWish) => void;
}) => (
  <fieldset>
    <legend>Options of the next rebuild</legend>
    {hasSource && (
      <label class="field">
        <span>From</span>
        <select
          value={wish.from}
          onChange={({ currentTarget }) => onChange({ ...wish, from: currentTarget.value === 'crm' ? 'crm' : 'log' })}
        >
          <option value="log">the log</option>
          <option value="crm">the CRM, then the end of the log</option>
        </select>
      </label>
    )}
    {switches
      .filter(({ needsSource }) => hasSource || !needsSource)
      .map(({ name, label }) => (
        <label key={name} class="choice">
          <input
            type="checkbox"
            checked={wish[name]}
            onChange={({ currentTarget }) => onChange({ ...wish, [name]: currentTarget.checked })}
          />
          <span>{label}</span>
        </label>
      ))}
    {hasSource && (
      <label class="field">
        <span>Into another state store (empty: the same one)</span>
        <input
          value={wish.into}
          onInput={({ currentTarget }) => onChange({ ...wish, into: currentTarget.value.trim() })}
        />
      </label>
    )}
  </fieldset>
);
