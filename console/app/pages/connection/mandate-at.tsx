import { useSignal } from '@preact/signals';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { MandateBadge } from '../../parts/mandate.tsx';
import { ScrollBox } from '../../parts/scroll-box.tsx';
import { Time } from '../../parts/time.tsx';
import { crm } from '../../services/client.ts';
import { type MandateChange, pathOf } from '../../services/customers.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import type { Page } from '../../services/use-pages.ts';

const steps = 1_000;
const readHistory = async (customerId: string, connectionId: string, query: string, signal: AbortSignal) => {
  const { body } = await crm.call<Page<MandateChange>>(`${pathOf(customerId)}/mandate-history?${query}`, { signal });
  return { items: body.items.filter((item) => item.connectionId === connectionId), hasMore: body.next !== null };
};

/** A time as the browser's field for date and time has it. */
const toLocal = (time: number) =>
  new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);

/** The mandate of a connection at any time, asked from the CRM, and all its changes while the customer held the connection. */
export const MandateAt = ({
  customerId,
  connectionId,
  revision,
}: {
  customerId: string;
  connectionId: string;
  revision: number | undefined;
}) => {
  const opened = useSignal(Date.now()).value;
  const time = useSignal(opened);
  const history = useLoaded(`${customerId}/${connectionId}/${revision}`, (signal) =>
    readHistory(customerId, connectionId, 'limit=200', signal),
  );
  const at = new Date(time.value).toISOString();
  const inForce = useLoaded(`${at}/${revision}`, async (signal) => {
    const { items } = await readHistory(customerId, connectionId, new URLSearchParams({ at }).toString(), signal);
    return items[0] ?? null;
  });
  const items = history.value?.items ?? [];
  const first = items.length > 0 ? Date.parse((items.at(-1) as MandateChange).changedAt) - 1_000 : opened - 86_400_000;
  const length = Math.max(1, opened - first);
  return (
    <section class="panel" aria-labelledby="at">
      <h2 id="at">Which mandate was in force?</h2>
      <div class="columns">
        <label class="field">
          <span>At this time</span>
          <input
            type="datetime-local"
            step="1"
            value={toLocal(time.value)}
            onChange={({ currentTarget }) => {
              const chosen = new Date(currentTarget.value).getTime();
              if (!Number.isNaN(chosen)) time.value = chosen;
            }}
          />
        </label>
        <label class="field">
          <span>From the first change until now</span>
          <input
            type="range"
            min={0}
            max={steps}
            value={Math.round(((time.value - first) / length) * steps)}
            aria-valuetext={at}
            onChange={({ currentTarget }) => {
              time.value = Math.round(first + (length * Number(currentTarget.value)) / steps);
            }}
          />
        </label>
      </div>
      <ErrorMessage error={inForce.error ?? history.error} />
      <p role="status" class="result">
        {inForce.value ? (
          <>
            In force: <MandateBadge mandate={inForce.value.connectionMandate} />, since{' '}
            <Time at={inForce.value.changedAt} />
          </>
        ) : (
          inForce.value === null && `Customer ${customerId} had no mandate for this connection at that time.`
        )}
      </p>
      <ScrollBox label="Changes">
        <table>
          <caption>
            Changes while customer {customerId} held the connection, newest first
            {history.value?.hasMore && ' (the newest 200 of the customer)'}
          </caption>
          <thead>
            <tr>
              <th>Mandate</th>
              <th>Changed</th>
              <th>By</th>
              <th>Channel</th>
              <th>Reference</th>
            </tr>
          </thead>
          <tbody>
            {items.map(({ revision, connectionMandate, changedAt, changedBy, channel, reference }) => (
              <tr key={revision}>
                <td>
                  <MandateBadge mandate={connectionMandate} />
                </td>
                <td>
                  <button
                    type="button"
                    class="link"
                    title="Show the mandate at this time"
                    onClick={() => {
                      time.value = Date.parse(changedAt);
                    }}
                  >
                    <Time at={changedAt} />
                  </button>
                </td>
                <td>{changedBy ?? <span class="note">not given</span>}</td>
                <td>{channel}</td>
                <td>{reference ?? <span class="note">not given</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </section>
  );
};
