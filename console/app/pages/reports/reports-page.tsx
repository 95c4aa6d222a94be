import { BarChart } from '../../parts/bar-chart.tsx';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { Select } from '../../parts/field.tsx';
import { customerView } from '../../services/client.ts';
import { address, setParameters } from '../../services/location.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import { type Dimension, dimensions, formatMonth, type Measure, measures, type OrderSums, toCharts } from './sums.ts';

const everyMs = 10_000;
const maxGroups = 1_000;

type Report<Item> = { readonly items: readonly Item[]; readonly next?: string | null; readonly unreadable?: number };

const readReport = async <Item,>(path: string, signal: AbortSignal) =>
  (await customerView.call<Report<Item>>(path, { signal })).body;

/** What the customer-view counts. */
export const ReportsPage = () => (
  <>
    <h1>Reports</h1>
    <NewCustomers />
    <Orders />
  </>
);

const NewCustomers = () => {
  const report = useLoaded(
    'new-customers',
    (signal) => readReport<{ month: string; customers: number }>('/reports/new-customers', signal),
    { everyMs },
  );
  const items = report.value?.items ?? [];
  return (
    <section class="panel" aria-label="New customers">
      <h2>New customers</h2>
      <ErrorMessage error={report.error} />
      <Unreadable count={report.value?.unreadable} />
      {report.value && items.length === 0 && (
        <p>
          No customer is registered yet. <a href="/console/customers/new">Register a customer</a> or{' '}
          <a href="/console/imports">import a file</a>.
        </p>
      )}
      {items.length > 0 && (
        <BarChart
          caption="New customers by month of the first registration (UTC)"
          label="Month"
          measure="Customers"
          bars={items.map(({ month, customers }) => ({
            label: formatMonth(month),
            value: customers,
            text: customers.toLocaleString(),
          }))}
        />
      )}
    </section>
  );
};

const Orders = () => {
  const { searchParams } = address();
  const by = pick(dimensions, searchParams.get('by'));
  const measure = pick(measures, searchParams.get('measure'));
  const path = `/reports/orders?by=${by}&limit=${maxGroups}`;
  const report = useLoaded(path, (signal) => readReport<OrderSums>(path, signal), { everyMs });
  const charts = toCharts(report.value?.items ?? [], by, measure);
  return (
    <section class="panel" aria-label="Orders">
      <h2>Orders</h2>
      <div class="fields">
        <Select
          label="By"
          name="by"
          value={by}
          options={dimensions.map((name) => [name, name])}
          onChange={(value) => setParameters({ by: value })}
        />
        <Select
          label="Measure"
          name="measure"
          value={measure}
          options={measures.map((name) => [name, name])}
          onChange={(value) => setParameters({ measure: value })}
        />
      </div>
      <ErrorMessage error={report.error} />
      <Unreadable count={report.value?.unreadable} />
      {report.value?.next && <p>The first {maxGroups} groups are shown.</p>}
      {report.value && charts.length === 0 && (
        <p>
          There are no orders yet. <a href="/console/orders/new">Place an order</a>.
        </p>
      )}
      {charts.map(({ currency, bars }) => (
        <BarChart
          key={currency}
          caption={`Orders in ${currency} by ${by}: ${measure}`}
          label={by[0]?.toUpperCase() + by.slice(1)}
          measure={measure[0]?.toUpperCase() + measure.slice(1)}
          bars={bars}
        />
      ))}
    </section>
  );
};

const pick = <Name extends Dimension | Measure>(names: readonly Name[], wanted: string | null): Name =>
  names.find((name) => name === wanted) ?? (names[0] as Name);

const Unreadable = ({ count = 0 }: { count?: number | undefined }) =>
  count === 0 ? null : (
    <p class="error">{count} entries may be missing, because records about them could not be read.</p>
  );
