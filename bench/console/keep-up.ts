import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { topics } from '../../contracts/topics.ts';
import { type EmbeddedPlatform, openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import { runAtRate } from '../measure/run-at-rate.ts';
import { createCustomerRecords } from '../orders/customer-events.ts';
import { createMessage } from '../work.ts';
import { type Observed, readProbe, startProbe } from './page-probe.ts';

/** `dataDir` is the folder of the platform whose CRM serves the console at `crm`. */
export type Target = { readonly crm: string; readonly dataDir: string };
export type Load = { readonly perSecond: number; readonly seconds: number };

/** What the page did, and how many events the topics got meanwhile. */
export type KeptUp = Observed & { readonly events: number; readonly eventsPerSecond: number };

const { connectionMandates, customers } = topics;
const seed = 1;
/** The relay of the CRM publishes in batches, too. */
const batchesPerSecond = 20;
const warmUpSeconds = 3;
/** The events of the warm-up have their rows after this time. */
const settleMs = 1_000;
const longestWaitMs = 10_000;

/**
 * Publishes events at a fixed rate while the flow page is open. They go straight to the log: through the CRM, the rate would
 * depend on how fast it is next to a browser.
 */
export const measureKeepingUp = async (browser: Browser, { crm, dataDir }: Target, load: Load): Promise<KeptUp> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const file = join(dataDir, 'platform.sqlite');
  const platform = openEmbeddedPlatform(file, [connectionMandates, customers], { lockWaitMs: 10_000 });
  try {
    const page = await context.newPage();
    await page.goto(`${crm}/console`);
    await page.locator('.tail tbody tr').first().waitFor();
    const publish = createPublisher(platform, load);
    await publish(warmUpSeconds);
    await delay(settleMs);
    const before = await readEnds(platform);
    await page.evaluate(startProbe);
    const began = performance.now();
    const events = await publish(load.seconds);
    // The last batch is sent before its share of the time is over.
    const seconds = Math.max(load.seconds, (performance.now() - began) / 1_000);
    return { ...(await waitForRows(page, before, events)), events, eventsPerSecond: events / seconds };
  } finally {
    platform.close();
    await context.close();
  }
};

type Message = { readonly key: string; readonly value: string | Buffer };

/** Half of the events are of mandates, half of customers. @returns a function that publishes for some seconds and returns the number of events */
const createPublisher = (platform: EmbeddedPlatform, { perSecond, seconds }: Load) => {
  const bus = platform.eventBus('crm');
  const pairs = Math.ceil((perSecond / 2) * (seconds + warmUpSeconds));
  const customerRecords = createCustomerRecords({ seed, customers: pairs });
  const mandateAt = (n: number): Message =>
    createMessage({ seed, keys: pairs, events: pairs }, n, connectionMandates.partitions);
  const customerAt = (): Message => customerRecords.next().value;
  const publish = (topic: string, messages: readonly Message[]) =>
    bus.publish(
      topic,
      messages.map(({ key, value }) => ({ id: `${topic}/${key}`, key, value: Buffer.from(value) })),
    );
  let sent = 0;
  let due = 0;
  return async (duration: number): Promise<number> => {
    const before = sent;
    await runAtRate({ perSecond: batchesPerSecond, seconds: duration }, async () => {
      due += perSecond / 2 / batchesPerSecond;
      const numbers = Array.from({ length: Math.floor(due) - sent }, (_, n) => sent + n);
      sent += numbers.length;
      await publish(connectionMandates.name, numbers.map(mandateAt));
      await publish(customers.name, numbers.map(customerAt));
    });
    return 2 * (sent - before);
  };
};

type Ends = ReadonlyMap<string, number>;
const placeOf = (topic: string, partition: number) => `${topic.replace(/-topic$/, '')}/${partition}`;

/** The end offset of each partition. */
const readEnds = async (platform: EmbeddedPlatform): Promise<Ends> => {
  const ends = new Map<string, number>();
  for (const { name } of [connectionMandates, customers])
    for (const { partition, end } of await platform.logReader().offsets(name)) ends.set(placeOf(name, partition), end);
  return ends;
};

/** Reads the probe when each event has its row or is left out, or after 10 s. Rows of earlier events are removed. */
const waitForRows = async (page: Page, before: Ends, events: number): Promise<Observed> => {
  const deadline = Date.now() + longestWaitMs;
  for (;;) {
    const observed: Observed = await page.evaluate(readProbe);
    const rows = observed.rows.filter(
      ({ topic, partition, offset }) => offset >= (before.get(placeOf(topic, partition)) ?? Number.POSITIVE_INFINITY),
    );
    if (rows.length + observed.leftOut >= events || Date.now() > deadline) return { ...observed, rows };
    await delay(100);
  }
};
