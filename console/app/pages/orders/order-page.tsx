import { useState } from 'preact/hooks';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { crm } from '../../services/client.ts';
import { address } from '../../services/location.ts';
import { type Order, type OrderEvent, orderPath, readOrder } from '../../services/orders.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import type { Page } from '../../services/use-pages.ts';
import { OrderActions } from './order-actions.tsx';
import { StatusBadge } from './order-row.tsx';
import { OrderState } from './order-state.tsx';
import { OrderTimeline } from './order-timeline.tsx';
import { ViewOfOrder } from './view-of-order.tsx';

const maxEvents = 1_000;

/** One order: its state, what may happen to it, and what has happened. */
export const OrderPage = ({ orderId }: { orderId: string }) => {
  const isNew = address().searchParams.get('placed') === 'yes';
  const loaded = useLoaded(orderId, (signal) => readOrder(orderId, '', signal), { everyMs: 5_000 });
  const [changed, setChanged] = useState<Order>();
  const order = newest(changed, loaded.value);
  const events = useLoaded(`${orderId} ${order?.version}`, async (signal) =>
    order === undefined
      ? undefined
      : (await crm.call<Page<OrderEvent>>(`${orderPath(orderId)}/events?limit=${maxEvents}`, { signal })).body,
  );
  return (
    <>
      <h1>
        Order <code>{orderId.slice(0, 8)}</code>
      </h1>
      <ErrorMessage error={loaded.error} />
      {!order && !loaded.error && <p class="note">Loading…</p>}
      {order && (
        <>
          {isNew && <p class="success">The order is placed.</p>}
          <p>
            <StatusBadge status={order.status} /> <code>{order.orderId}</code>
          </p>
          <div class="columns">
            <section class="panel" aria-label="Now">
              <h2>Now</h2>
              <OrderState order={order} />
              <ViewOfOrder orderId={orderId} version={order.version} />
            </section>
            <OrderActions key={order.version} order={order} onChanged={setChanged} onOutdated={loaded.reload} />
          </div>
          <ErrorMessage error={events.error} />
          {events.value && (
            <OrderTimeline order={order} events={events.value.items} isCut={events.value.next !== null} />
          )}
        </>
      )}
    </>
  );
};

const newest = (changed: Order | undefined, loaded: Order | undefined) =>
  changed && changed.version > (loaded?.version ?? 0) ? changed : loaded;
