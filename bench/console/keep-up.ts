import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { mandateLevels } from '../../contracts/events/connection-mandate-changed/schema.ts';
import { getJson, patchJson } from '../../tests/http.ts';
import { runAtRate } from '../measure/run-at-rate.ts';
import { type Observed, readProbe, startProbe } from './page-probe.ts';

export type Urls = { readonly crm: string; readonly iotPlatform: string; readonly customerView: string };
export type Load = { readonly perSecond: number; readonly seconds: number };

/** What the page did, and how many events the topics got meanwhile. */
export type KeptUp = Observed & { readonly events: number; readonly eventsPerSecond: number };

/** The customers of data/customer-database.csv. */
const customers = 8;
const warmUpSeconds = 3;
const longestWaitMs = 10_000;
/** The CRM answers 503 while its database is busy. */
const retryAfterMs = 100;
const levels = Object.values(mandateLevels);

/** Changes mandates at a fixed rate while the flow page is open. */
export const measureKeepingUp = async (browser: Browser, urls: Urls, load: Load): Promise<KeptUp> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(`${urls.crm}/console`);
    await page.locator('.tail tbody tr').first().waitFor();
    const change = createChanges(urls.crm);
    await runAtRate({ ...load, seconds: warmUpSeconds }, change);
    const before = await readEnds(urls);
    await page.evaluate(startProbe);
    const began = performance.now();
    await runAtRate(load, change);
    const after = await readEnds(urls);
    const seconds = (performance.now() - began) / 1_000;
    const events = [...after].reduce((sum, [partition, end]) => sum + end - (before.get(partition) ?? 0), 0);
    return { ...(await waitForRows(page, before, events)), events, eventsPerSecond: events / seconds };
  } finally {
    await context.close();
  }
};

/** Each call changes the mandate of the next customer. */
const createChanges = (crm: string) => {
  let sent = 0;
  return async (): Promise<void> => {
    const turn = Math.floor(sent / customers);
    const url = `${crm}/customers/${1 + (sent++ % customers)}`;
    const change = { connectionMandate: levels[turn % levels.length] };
    for (;;) {
      const answer = await patchJson(url, change);
      const text = await answer.text();
      if (answer.ok) return;
      if (answer.status !== 503) throw new Error(`PATCH ${url} was answered with ${answer.status}: ${text}`);
      await delay(retryAfterMs);
    }
  };
};

type Ends = ReadonlyMap<string, number>;
const placeOf = (topic: string, partition: number) => `${topic.replace(/-topic$/, '')}/${partition}`;

/** The end offset of each partition, once the CRM has published everything. */
const readEnds = async ({ crm, iotPlatform, customerView }: Urls): Promise<Ends> => {
  while ((await getJson(`${crm}/status`).then(({ body }) => body.outbox as { waiting: number })).waiting > 0)
    await delay(50);
  const groups = await Promise.all(
    [
      `${iotPlatform}/operations/consumer-group?view=mandates`,
      `${customerView}/operations/consumer-group?view=customers`,
    ].map(
      async (url) => (await getJson(url)).body as { topic: string; partitions: { partition: number; end: number }[] },
    ),
  );
  return new Map(
    groups.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, end }) => [placeOf(topic, partition), end] as const),
    ),
  );
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
