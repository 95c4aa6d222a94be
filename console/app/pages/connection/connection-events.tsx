import { CopyButton } from '../../parts/copy-button.tsx';
import { Known } from '../../parts/lag.tsx';
import { MandateBadge } from '../../parts/mandate.tsx';
import { ScrollBox } from '../../parts/scroll-box.tsx';
import { Time } from '../../parts/time.tsx';
import type { Explanation } from '../../services/operations.ts';
import type { TailRecord } from '../../tail/tail-events.ts';

/** The events of a connection, the latest first. The latest records of the log have their traces. */
export const ConnectionEvents = ({
  events,
  records,
}: {
  events: Explanation['events'] | undefined;
  records: readonly TailRecord[];
}) => {
  const traces = new Map(records.map(({ offset, value }) => [offset, traceIdOf(value)]));
  return (
    <section class="panel" aria-labelledby="events">
      <h2 id="events">Its events in the log</h2>
      {!events && <p class="note">The log could not be read now. This page tries again.</p>}
      {events && (
        <>
          <ScrollBox kind="short" label="Events">
            <table>
              <caption>
                {events.length === 0 ? 'The log has no event of this connection.' : `${events.length} events`}
              </caption>
              <thead>
                <tr>
                  <th>Time</th>
                  <th class="number">Partition</th>
                  <th class="number">Offset</th>
                  <th class="number">Revision</th>
                  <th>Mandate</th>
                  <th>Trace</th>
                </tr>
              </thead>
              <tbody>
                {events.toReversed().map((event) => (
                  <EventRow key={event.offset} event={event} traceId={traces.get(event.offset)} />
                ))}
              </tbody>
            </table>
          </ScrollBox>
          {[...traces.values()].some(Boolean) && (
            <p class="note">
              Search for the id of a trace in your tracing system, if the services report to one.{' '}
              <code>npm run lab</code> starts Zipkin and prints its address.
            </p>
          )}
        </>
      )}
    </section>
  );
};

const EventRow = ({ event, traceId }: { event: Explanation['events'][number]; traceId: string | undefined }) => {
  const { partition, offset, time, revision, level } = event;
  return (
    <tr>
      <td>
        <Time at={time} />
      </td>
      <td class="number">{partition}</td>
      <td class="number">{offset}</td>
      <td class="number">{revision === '' ? <Known value={null} /> : revision}</td>
      <td>{level === '0' || level === '1' || level === '2' ? <MandateBadge mandate={level} /> : level}</td>
      <td>
        {traceId && (
          <>
            <code>{traceId}</code> <CopyButton text={traceId} label={`trace ${traceId}`} />
          </>
        )}
      </td>
    </tr>
  );
};

const traceIdOf = (value: unknown): string | undefined => {
  const { traceparent } = (value ?? {}) as { traceparent?: unknown };
  return typeof traceparent === 'string' ? /^00-([0-9a-f]{32})-/.exec(traceparent)?.[1] : undefined;
};
