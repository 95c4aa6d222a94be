import { useId, useState } from 'preact/hooks';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { Field } from '../../parts/field.tsx';
import { Time } from '../../parts/time.tsx';
import { type Order, type OrderEvent, readOrder } from '../../services/orders.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import { OrderState } from './order-state.tsx';
import './order-timeline.css';

/** The events of an order, and its state after any of them or at any time. */
export const OrderTimeline = ({
  order,
  events,
  isCut,
}: {
  order: Order;
  events: readonly OrderEvent[];
  isCut: boolean;
}) => {
  const [chosen, setChosen] = useState<number>();
  const [at, setAt] = useState('');
  const sliderId = useId();
  const version = Math.min(chosen ?? order.version, order.version);
  const past = at === '' ? `?version=${version}` : `?at=${encodeURIComponent(toTime(at))}`;
  const shown = useLoaded(`${order.orderId}${past}`, async (signal) => {
    const state = await readOrder(order.orderId, past, signal);
    const before =
      state.version > 1 ? await readOrder(order.orderId, `?version=${state.version - 1}`, signal) : undefined;
    return { state, before };
  });
  const choose = (next: number) => {
    setAt('');
    setChosen(next);
  };
  const current = shown.error ? undefined : shown.value?.state.version;
  return (
    <section class="panel" aria-label="History">
      <h2>History</h2>
      <div class="columns">
        <ol class="timeline">
          {events.map((event) => (
            <li key={event.version} aria-current={event.version === current ? 'step' : undefined}>
              <button type="button" class="quiet" onClick={() => choose(event.version)}>
                {event.version} {describeType(event.type)}
              </button>
              <div class="note">
                <Time at={event.recordedAt} />
                {event.metadata.actor && <> by actor {event.metadata.actor}</>}
              </div>
              <code>{event.version === 1 ? '' : describeData(event.data)}</code>
            </li>
          ))}
          {isCut && <li>Later events are not listed here.</li>}
        </ol>
        <div>
          <div class="field">
            <label for={sliderId}>
              Version {current ?? version} of {order.version}
            </label>
            <input
              id={sliderId}
              type="range"
              min={1}
              max={order.version}
              value={current ?? version}
              disabled={order.version === 1}
              onInput={(event) => choose(Number(event.currentTarget.value))}
            />
          </div>
          <Field
            label="Or at a moment"
            name="at"
            type="datetime-local"
            hint="In the time zone of this browser"
            value={at}
            onChange={setAt}
          />
          <ErrorMessage error={shown.error} />
          <div aria-live="polite">
            {!shown.error && shown.value && <OrderState order={shown.value.state} before={shown.value.before} />}
          </div>
        </div>
      </div>
    </section>
  );
};

/** The moment of a field without time zone, or the text itself, which the API refuses. */
const toTime = (text: string) => {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
};

/** OrderUpdated.v1 is Updated. */
const describeType = (type: string) => type.replace(/^Order/, '').replace(/\.v[0-9]+$/, '');

const describeData = (data: OrderEvent['data']) =>
  Object.entries(data)
    .map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
