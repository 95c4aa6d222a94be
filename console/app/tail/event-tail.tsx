import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ScrollBox } from '../parts/scroll-box.tsx';
import type { EventList } from './event-list.ts';
import type { TailRecord } from './tail-events.ts';
import { topics, useTail } from './use-tail.ts';

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** The events as they arrive, newest first, with filters. */
export const EventTail = ({ onRecords }: { onRecords?: (records: readonly TailRecord[]) => void }) => {
  const topic = useSignal('');
  const key = useSignal('');
  const typing = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(typing.current), []);
  const tail = useTail({ topic: topic.value, key: key.value }, onRecords);
  const paused = useSignal<EventList | undefined>(undefined);
  const shown = paused.value ?? tail.list;
  return (
    <section class="panel" aria-labelledby="tail">
      <h2 id="tail">Events as they arrive</h2>
      <div class="filters">
        <label class="field">
          <span>Topic</span>
          <select
            value={topic.value}
            onChange={({ currentTarget }) => {
              topic.value = currentTarget.value;
              paused.value = undefined;
            }}
          >
            <option value="">all topics</option>
            {topics.map(({ topic }) => (
              <option key={topic}>{topic}</option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Key</span>
          <input
            placeholder="any"
            onInput={({ currentTarget }) => {
              clearTimeout(typing.current);
              typing.current = setTimeout(() => {
                key.value = currentTarget.value.trim();
                paused.value = undefined;
              }, 300);
            }}
          />
        </label>
        <button
          type="button"
          aria-pressed={paused.value !== undefined}
          onClick={() => {
            paused.value = paused.value ? undefined : tail.list;
          }}
        >
          {paused.value ? 'Continue' : 'Pause'}
        </button>
        <button type="button" class="quiet" onClick={tail.clear}>
          Clear
        </button>
      </div>
      <div role="status" class="states">
        {tail.states.map(({ service, state, error }) => (
          <p key={service} class={state === 'waiting' ? 'warning' : 'note'}>
            {service}: {state === 'open' ? 'connected' : state === 'connecting' ? 'connecting…' : error?.message}
            {state === 'waiting' && ' Trying again.'}
          </p>
        ))}
      </div>
      <p class="note">
        {tail.list.arrived} arrived{paused.value && `, ${tail.list.arrived - paused.value.arrived} since the pause`}.{' '}
        {tail.list.skipped > 0 && <strong>{tail.list.skipped} came too fast and were left out.</strong>}
      </p>
      <ScrollBox kind="tail" label="Events">
        {shown.records.length > 0 ? (
          <EventTable records={shown.records} />
        ) : (
          <p class="note">No event yet. Change a mandate on this page, and its event appears here.</p>
        )}
      </ScrollBox>
    </section>
  );
};

const EventTable = ({ records }: { records: readonly TailRecord[] }) => (
  <table>
    <thead>
      <tr>
        <th>Time</th>
        <th>Topic</th>
        <th class="number">Partition</th>
        <th class="number">Offset</th>
        <th>Key</th>
        <th>Event</th>
        <th class="number">Revision</th>
      </tr>
    </thead>
    <tbody>
      {records.map((record) => (
        <EventRow key={`${record.topic}/${record.partition}/${record.offset}`} record={record} />
      ))}
    </tbody>
  </table>
);

/** A record never changes, so its row is made once. */
const EventRow = ({ record }: { record: TailRecord }) =>
  useMemo(
    () => (
      <tr>
        <td>
          <time dateTime={record.timestamp}>{clock.format(Date.parse(record.timestamp))}</time>
        </td>
        <td>{record.topic.replace(/-topic$/, '')}</td>
        <td class="number">{record.partition}</td>
        <td class="number">{record.offset}</td>
        <td>
          {record.topic === 'connection-mandates-topic' && record.key ? (
            <a href={`/console/connections/${encodeURIComponent(record.key)}`}>{record.key}</a>
          ) : (
            record.key
          )}
        </td>
        <td>{describe(record)}</td>
        <td class="number">{record.revision}</td>
      </tr>
    ),
    [record],
  );

const describe = ({ isTombstone, type, value }: TailRecord): string => {
  if (isTombstone) return 'tombstone';
  if (!type) return 'no readable event';
  const name = type.replace(/^.*\.([^.]+)\.v\d+$/, '$1');
  const mandate = (value as { data?: { connectionMandate?: unknown } } | null)?.data?.connectionMandate;
  return typeof mandate === 'string' ? `${name}: ${mandate}` : name;
};
