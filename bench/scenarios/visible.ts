import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join, resolve } from 'node:path';
import { mandateLevels } from '../../contracts/events/connection-mandate-changed/schema.ts';
import { getJson } from '../../tests/http.ts';
import { runAtRate } from '../measure/run-at-rate.ts';
import { quantile } from '../measure/statistics.ts';
import type { Result } from '../result.ts';
import type { Checkout } from '../stack/checkout.ts';
import { emptyLog } from '../stack/log.ts';
import { type Configuration, type RunningService, startCrm, waitUntilReady } from '../stack/platform.ts';
import { ports } from '../stack/ports.ts';
import { emptyRedis } from '../stack/stores.ts';
import { waitForView } from '../stack/view.ts';
import { defaultConfiguration, fastConfiguration, startMembers } from '../subjects/ours.ts';
import type { Scenario } from './scenario.ts';

const customers = 1_000;
const perSecond = 200;
const levels = Object.values(mandateLevels);
const customer = (n: number, connectionMandate: string) => ({
  firstName: 'Bench',
  lastName: `Number ${n}`,
  city: 'Delft',
  connectionId: String(1_000_000 + n),
  connectionMandate,
});

/**
 * Measures the time from a change in the CRM to its visibility in the view. Changes are sent at fixed times whether or not earlier
 * ones are answered, and each latency counts from the time when the change was due.
 */
export const visible: Scenario = async (plan, progress, checkouts) => {
  const results: Result[] = [];
  for (const configuration of [defaultConfiguration, fastConfiguration])
    for (const checkout of checkouts) {
      progress(`change to visible, ${checkout.title}, ${configuration.name}`);
      results.push(...(await measure(checkout, configuration, plan.visibleSeconds, plan.repeats)));
    }
  return results;
};

const measure = async (
  checkout: Checkout,
  configuration: Configuration,
  seconds: number,
  repeats: number,
): Promise<Result[]> => {
  await Promise.all([emptyLog(), emptyRedis()]);
  const folder = mkdtempSync(resolve('.data/bench-crm-'));
  const csv = join(folder, 'customers.csv');
  writeFileSync(csv, formatCsv(customers));
  const { resources, members, end } = await startMembers(checkout, configuration);
  const [iotPlatform] = members as [RunningService];
  const database = { CRM_DATABASE_URL: `sqlite:${join(folder, 'crm.sqlite')}`, CUSTOMERS_CSV: csv };
  const crm = await startCrm(resources, database, checkout.folder).catch((error) =>
    end().then(() => Promise.reject(error)),
  );
  try {
    await waitForView(members, customers);
    await waitUntilReady(iotPlatform);
    // The client closes an idle connection before the server does; else a request could fail on a connection that just closes.
    const agent = new Agent({ keepAlive: true, timeout: 3_000 });
    const change = createChanges(agent, crm.url, iotPlatform.url);
    await runAtRate({ perSecond, seconds: 4 }, change); // warms up the services
    const rounds: number[][] = [];
    for (let repeat = 0; repeat < repeats; repeat++) rounds.push(await runAtRate({ perSecond, seconds }, change));
    agent.destroy();
    return createResults(checkout, configuration, await readDelivery(), rounds);
  } finally {
    await Promise.all([end(), crm.end()]);
    rmSync(folder, { recursive: true, force: true });
  }
};

/** What the service asks its sidecar for: the size of a delivery, and how long the sidecar waits for it to fill. */
type Delivery = { maxMessagesCount: number; maxAwaitDurationMs: number };

const readDelivery = async (): Promise<Delivery> => {
  const { app } = ports.iotPlatforms[0] as (typeof ports.iotPlatforms)[number];
  const { body } = await getJson(`http://127.0.0.1:${app}/dapr/subscribe`);
  const [subscription] = body as unknown as { bulkSubscribe: Delivery }[];
  if (!subscription) throw new Error('the service has no subscription');
  return subscription.bulkSubscribe;
};

/** Each call sends another change, and resolves with the ms until the view shows it. */
const createChanges = (agent: Agent, crmUrl: string, iotPlatformUrl: string) => {
  let sent = 0;
  return async (): Promise<number> => {
    const due = performance.now();
    const number = sent % customers;
    // All customers begin at level 0, and each one gets another level in every turn.
    const body = customer(number, levels[(1 + Math.floor(sent / customers)) % levels.length] as string);
    sent++;
    const posted = await sendRequest(agent, `${crmUrl}/customers/${number + 1}`, body);
    const revision = posted.headers['mandate-revision'];
    if (posted.status !== 200 || !revision) throw new Error(`the CRM answered ${posted.status}: ${posted.body}`);
    const path = `/mandates/${body.connectionId}?minRevision=${revision}&waitMs=5000`;
    const shown = await sendRequest(agent, `${iotPlatformUrl}${path}`);
    if (shown.status !== 200) throw new Error(`the IoT platform answered ${shown.status}: ${shown.body}`);
    return performance.now() - due;
  };
};

type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: string };

const sendRequest = (agent: Agent, url: string, body?: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = { agent, method: body ? 'POST' : 'GET', headers: { 'content-type': 'application/json' } };
    const outgoing = request(url, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: Number(answer.statusCode), headers: answer.headers, body: text }));
    });
    outgoing.on('error', reject).end(body && JSON.stringify(body));
  });

const formatCsv = (many: number): string => {
  const rows = Array.from({ length: many }, (_, n) => {
    const { firstName, lastName, city, connectionId } = customer(n, '0');
    return [n + 1, firstName, lastName, city, connectionId, '0'].join(',');
  });
  return ['customerId,firstName,lastName,city,connectionId,connectionMandate', ...rows, ''].join('\n');
};

/** The limits of median and 99th percentile in ms, by the time in ms that the sidecar waits for a delivery to fill. */
const limitsOf = ({ name }: Configuration, waitMs: number) => {
  if (waitMs > 4) return { p50: 15, p99: 40 };
  return name === 'default' ? { p50: 5, p99: 20 } : { p50: 8, p99: 40 };
};

const createResults = (
  { id, title }: Checkout,
  configuration: Configuration,
  { maxMessagesCount, maxAwaitDurationMs }: Delivery,
  rounds: readonly number[][],
): Result[] => {
  const { name, components } = configuration;
  const limits = limitsOf(configuration, maxAwaitDurationMs);
  const of = (figure: 'p50' | 'p99', what: string, q: number): Result => ({
    scenario: 'visible',
    id: `${id}-${figure}-${name}`,
    title: `change to visible, ${what}, ${title}, ${name}`,
    configuration: `${perSecond} changes/s, ${components}, deliveries of ${maxMessagesCount} or ${maxAwaitDurationMs} ms`,
    unit: 'ms',
    values: rounds.map((latencies) => quantile(latencies, q)),
    ...(id === 'ours' && { goal: { atMost: limits[figure] } }),
  });
  return [of('p50', 'median', 0.5), of('p99', '99th percentile', 0.99)];
};
