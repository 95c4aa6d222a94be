import { mandateLevels } from '../../contracts/events/connection-mandate-changed/schema.ts';
import { createCustomerChangedEvent } from '../../contracts/events/customer-changed/schema.ts';
import { createCustomerRegisteredEvent } from '../../contracts/events/customer-registered/schema.ts';
import { topics } from '../../contracts/topics.ts';
import type { DeliveredRecord } from '../../packages/projections/event-bus.ts';
import { scramble } from '../work.ts';
import { createRecords } from './records.ts';

export type CustomerWork = { readonly seed: number; readonly customers: number };

const syllables = ['ja', 'van', 'ber', 'loo', 'mul', 'ler', 'vis', 'ser', 'bak', 'ker', 'smit', 'dij', 'pe', 'ters'];
const levels = Object.values(mandateLevels);
const firstYear = Date.UTC(2016, 0, 1);
const spanMs = Date.UTC(2026, 10, 1) - firstYear;

/** When the nth customer was registered, in ms since 1970. */
const registeredAt = ({ customers }: CustomerWork, n: number) => firstYear + Math.floor((n / customers) * spanMs);

/** A state event of each customer, then a second one of every fifth customer. */
export const createCustomerRecords = (work: CustomerWork): Generator<DeliveredRecord> =>
  createRecords(topics.customers, createCustomerEvents(work));

function* createCustomerEvents(work: CustomerWork) {
  for (let n = 0; n < work.customers; n++) yield createCustomerEvent(work, n, 1);
  for (let n = 0; n < work.customers; n += 5) yield createCustomerEvent(work, n, 2);
}

const createCustomerEvent = (work: CustomerWork, n: number, version: number) => {
  const pick = <T>(from: readonly T[], salt: number) => from[scramble(work.seed + salt, n) % from.length] as T;
  const created = registeredAt(work, n);
  const updated = created + (version - 1) * 1_000;
  const customerId = String(n + 1);
  const record = {
    firstName: `${pick(syllables, 1)}${pick(syllables, 2)}`,
    lastName: `${pick(syllables, 3)}${pick(syllables, 4)}${pick(syllables, 5)}`,
    city: `City ${scramble(work.seed + 6, n) % 400}`,
    connectionId: String(871_000_000_000_000_000n + BigInt(n)),
    connectionMandate: pick(levels, 7 + version),
    email: scramble(work.seed + 12, n) % 2 ? `customer${n}@example.org` : null,
    phone: null,
  };
  const times = { createdAt: new Date(created).toISOString(), updatedAt: new Date(updated).toISOString() };
  const state = { customerId, version, ...times, record };
  return createCustomerChangedEvent(state, {
    id: `${customerId}-${version}`,
    revision: updated,
    time: new Date(updated),
  });
};

export const createRegistrationRecords = (work: CustomerWork): Generator<DeliveredRecord> =>
  createRecords(topics.customerRegistrations, createRegistrationEvents(work));

function* createRegistrationEvents(work: CustomerWork) {
  for (let n = 0; n < work.customers; n++) {
    const [customerId, revision] = [String(n + 1), registeredAt(work, n)];
    yield createCustomerRegisteredEvent({ customerId }, { id: customerId, revision, time: new Date(revision) });
  }
}
