import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
import type { EventBus, OutgoingEvent } from '../../../packages/projections/event-bus.ts';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import { eventually } from '../../../tests/eventually.ts';
import { liveAsQuirine, traces } from '../../../tests/quirine.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { readOutboxBacklog, startRelay } from '../../outbox/index.ts';
import type { CrmContext } from '../change/change-customer.ts';
import { erasePerson } from '../personal-data/erase-person.ts';
import { createErasures } from '../personal-data/erasures.ts';
import { customerDataSources } from '../personal-data/sources.ts';
import { repeatLastStates } from './republish-customer.ts';

let context: CrmContext;
beforeEach(async () => {
  context = { ...createTestRuntime(), db: await openTestDatabase(), onCommit: () => {} };
});

/** The records of customers-topic, in the order in which they arrived. */
const createLog = () => {
  const records: OutgoingEvent[] = [];
  const write = async (topic: string, events: readonly OutgoingEvent[]) => {
    if (topic === topics.customers.name) records.push(...events);
  };
  return { records, write };
};

const createGate = () => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
};

const start = (holder: string, publish: EventBus['publish']) => {
  const relay = startRelay({
    ...createTestRuntime(),
    db: context.db,
    bus: { publish } as EventBus,
    newId: () => holder,
    repeatLastStates: (_topic, customerIds) => repeatLastStates(context, customerIds),
    ...{ leaseMs: 100, pollIntervalMs: 5 },
  });
  onTestFinished(() => relay.close(0));
  return relay;
};

it('a relay that is suspended while it publishes a name leaves the tombstone of an erasure as the last record', async () => {
  const { records, write } = createLog();
  const suspended = createGate();
  const resumed = createGate();
  const id = await liveAsQuirine(context);
  start('suspended', async (topic, events) => {
    if (topic === topics.customers.name) {
      suspended.open();
      await resumed.opened;
    }
    await write(topic, events);
  });
  await suspended.opened;
  await erasePerson(context, createErasures({ db: context.db, sources: customerDataSources }), id);
  start('other', write);
  await eventually(() => expect(records.at(-1)).toMatchObject({ key: id, value: Buffer.alloc(0) }));

  resumed.open();
  // The late record names the person. The relay finds that its rows are gone, and appends the tombstone again.
  const isLate = ({ value }: OutgoingEvent) => traces.some((trace) => value.includes(trace));
  await eventually(() => {
    expect(records.findIndex(isLate)).toBeGreaterThan(0);
    expect(records.at(-1)).toMatchObject({ key: id, value: Buffer.alloc(0) });
  });
  await eventually(async () => expect(await readOutboxBacklog(context.db)).toMatchObject({ waiting: 0 }));
});
