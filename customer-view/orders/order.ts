import type { OrderState } from '../../contracts/events/order-changed/schema.ts';
import type { OrderChanged } from '../../contracts/events/order-changed/upcasters.ts';
import { contradicts, latestWins, type Shown, showEvent } from '../../packages/projections/latest-wins.ts';

/** An order as the view holds it; `updatedAt` is when its last event happened (ISO 8601). */
export type Order = Shown<OrderState & { readonly updatedAt: string }>;

const toOrder = (event: OrderChanged): Order => showEvent({ ...event.data, updatedAt: event.time }, event);

/** Each event has the whole state, so the highest version wins in any order of delivery. */
export const evolve = (held: Order | undefined, event: OrderChanged): Order => latestWins(held, toOrder(event));

/** Counts events that give two contents to one version. */
export const classify = (held: Order | undefined, event: OrderChanged): string | undefined =>
  contradicts(held, toOrder(event)) ? 'contradictions' : undefined;
