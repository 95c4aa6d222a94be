import { useState } from 'preact/hooks';
import { Field, Select } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { mandates } from '../../parts/mandate.tsx';
import { setParameters } from '../../services/location.ts';
import { type FilterName, type Filters, planFilters } from './filters.ts';

const sortLabels: Readonly<Record<string, string>> = {
  customerId: 'number',
  '-customerId': 'number, highest first',
  name: 'name',
  '-name': 'name, Z to A',
  updatedAt: 'changed, earliest first',
  '-updatedAt': 'changed, latest first',
};

/** The filters of the list. The search takes them into the address. */
export const CustomerFilters = ({ filters, sort }: { filters: Filters; sort: string }) => {
  const [draft, setDraft] = useState(filters);
  const { excluded, reason, sorts } = planFilters(draft);
  const [order, setOrder] = useState(sort);
  const bind = (name: FilterName) => ({
    name,
    value: draft[name] ?? '',
    isDisabled: excluded.includes(name),
    onChange: (value: string) => setDraft((before) => ({ ...before, [name]: value })),
  });
  return (
    <Form
      label="Search customers"
      onSubmit={() => {
        const trimmed = Object.fromEntries(Object.entries(draft).map(([name, value]) => [name, value.trim()]));
        setParameters({ ...trimmed, sort: sorts.includes(order) ? order : '', shown: '' });
      }}
    >
      <div class="fields">
        <Field label="Name" type="search" hint="The beginning of “last name first name”" {...bind('name')} />
        <Field label="City" type="search" hint="The whole name" {...bind('city')} />
        <Select
          label="Mandate"
          options={[
            ['', 'any'],
            ...Object.entries(mandates).map(([level, { name }]) => [level, `${level} ${name}`] as const),
          ]}
          {...bind('connectionMandate')}
        />
        <Field label="E-mail address" type="search" hint="Exactly this address" {...bind('email')} />
        <Field label="Connection" type="search" hint="Its whole number" {...bind('connectionId')} />
        <Select
          label="Sorted by"
          name="sort"
          value={sorts.includes(order) ? order : (sorts[0] as string)}
          onChange={setOrder}
          options={sorts.map((name) => [name, sortLabels[name] ?? name])}
        />
      </div>
      <p class="note" role="status">
        {reason}
      </p>
      <div class="actions">
        <button type="submit">Search</button>
        <a class="plain" href="/console/customers">
          Clear the filters
        </a>
      </div>
    </Form>
  );
};
