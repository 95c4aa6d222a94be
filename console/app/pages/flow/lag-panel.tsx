import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Sparkline } from '../../charts/sparkline.tsx';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { Known, PartitionTable } from '../../parts/lag.tsx';
import { ScrollBox } from '../../parts/scroll-box.tsx';
import { customerView, iotPlatform } from '../../services/client.ts';
import { readConsumerGroup } from '../../services/operations.ts';
import { readViewStatuses, views } from '../../services/status.ts';
import { useLoaded } from '../../services/use-loaded.ts';

const everyMs = 2_000;
/** Five minutes of values. */
const longestHistory = 150;

/** How far the views are behind the log. */
export const LagPanel = () => {
  const chosen = useSignal('mandates');
  const iot = useLoaded('iot', (signal) => readViewStatuses(iotPlatform, signal), { everyMs });
  const customers = useLoaded('customer-view', (signal) => readViewStatuses(customerView, signal), { everyMs });
  const { service } = views.find(({ view }) => view === chosen.value) ?? views[0];
  const group = useLoaded(
    chosen.value,
    async (signal) => ({ view: chosen.value, ...(await readConsumerGroup(service, chosen.value, signal)) }),
    { everyMs },
  );
  const history = useSignal<readonly (number | null)[]>([]);
  useEffect(() => {
    history.value = [];
  }, [chosen.value]);
  useEffect(() => {
    if (!group.value && !group.error) return;
    const lag = group.error ? null : (group.value?.lag ?? null);
    history.value = [...history.peek(), lag].slice(-longestHistory);
  }, [group.value, group.error]);
  const known = history.value.filter((lag) => lag !== null);
  const statuses = { ...(!iot.error && iot.value), ...(!customers.error && customers.value) };
  return (
    <section class="panel" aria-labelledby="lag">
      <h2 id="lag">How fresh the views are</h2>
      <ErrorMessage error={iot.error} />
      <ErrorMessage error={customers.error} />
      <div class="columns">
        <ScrollBox label="Views">
          <table>
            <caption>Views</caption>
            <thead>
              <tr>
                <th>View</th>
                <th>State</th>
                <th class="number">Lag</th>
                <th class="number">Behind by</th>
              </tr>
            </thead>
            <tbody>
              {views.map(({ view, service }) => (
                <tr key={view}>
                  <td>
                    <button
                      type="button"
                      class="quiet"
                      aria-pressed={view === chosen.value}
                      onClick={() => {
                        chosen.value = view;
                      }}
                    >
                      {view}
                    </button>{' '}
                    <span class="note">{service.name}</span>
                  </td>
                  <td>{statuses[view]?.view.state ?? <em class="unknown">unknown</em>}</td>
                  <td class="number">
                    <Known value={statuses[view]?.lag} />
                  </td>
                  <td class="number">
                    <Known value={statuses[view]?.freshnessSeconds} unit=" s" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollBox>
        <div>
          <ErrorMessage error={group.error} />
          {group.value?.view === chosen.value && <PartitionTable group={group.value} />}
          {known.length > 1 && (
            <Sparkline
              values={history.value}
              summary={`Lag of ${chosen.value} in the last minutes: highest ${Math.max(...known).toLocaleString()}.`}
            />
          )}
        </div>
      </div>
    </section>
  );
};
