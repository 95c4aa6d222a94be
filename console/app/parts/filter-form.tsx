import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { address, setParameters } from '../services/location.ts';
import { Select } from './field.tsx';
import { allowedSort, type FilterPlan, type Filters } from './filters.ts';
import { Form } from './form.tsx';

/** Reads the filters from the address of the page. */
export const readFilters = <Name extends string>(names: readonly Name[]): Filters<Name> =>
  Object.fromEntries([...names, 'sort'].map((name) => [name, address().searchParams.get(name) ?? ''])) as Filters<Name>;

/** What a field of a filter needs. */
type Bind<Name extends string> = (name: Name) => {
  readonly name: Name;
  readonly value: string;
  readonly isDisabled: boolean;
  readonly onChange: (value: string) => void;
};

/** A form with the filters of a list. The search takes them into the address, so a link repeats it. */
export const FilterForm = <Name extends string>({
  label,
  filters,
  plan,
  children,
}: {
  label: string;
  filters: Filters<Name>;
  plan: (filters: Filters<Name>) => FilterPlan<Name>;
  /** The fields of the filters. */
  children: (bind: Bind<Name>) => ComponentChildren;
}) => {
  const [draft, setDraft] = useState(filters);
  const planned = plan(draft);
  const change = (name: Name | 'sort') => (value: string) => setDraft((before) => ({ ...before, [name]: value }));
  const bind: Bind<Name> = (name) => ({
    name,
    value: draft[name] ?? '',
    isDisabled: planned.excluded.includes(name),
    onChange: change(name),
  });
  const search = () => {
    const trimmed = Object.entries<string>(draft as Record<string, string>).map(([name, value]) => [
      name,
      value.trim(),
    ]);
    setParameters({ ...Object.fromEntries(trimmed), sort: allowedSort(planned, draft), shown: '' });
  };
  return (
    <Form label={label} onSubmit={search}>
      <div class="fields">
        {children(bind)}
        <Select
          label="Sorted by"
          name="sort"
          value={allowedSort(planned, draft) || (planned.sorts[0]?.[0] ?? '')}
          onChange={change('sort')}
          options={planned.sorts}
        />
      </div>
      <p class="note" role="status">
        {planned.reason}
      </p>
      <div class="actions">
        <button type="submit">Search</button>
        <a class="plain" href={address().pathname}>
          Clear the filters
        </a>
      </div>
    </Form>
  );
};
