import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { mandateLevels } from '../../contracts/events/connection-mandate-changed/schema.ts';
import { quantile } from '../measure/statistics.ts';
import type { Result } from '../result.ts';
import { createComponentsFolder } from '../stack/components.ts';
import { emptyLog } from '../stack/log.ts';
import { type Configuration, startCrm, startIotPlatform } from '../stack/platform.ts';
import { waitForView } from '../stack/view.ts';
import { emptyRedis } from '../stack/view-check.ts';
import { defaultConfiguration, fastConfiguration, newGroup } from '../subjects/ours.ts';
import type { Scenario } from './scenario.ts';

const customers = 1_000;
const changesPerSecond = 200;
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
export const visible: Scenario = async (plan, progress) => {
  const results: Result[] = [];
  for (const configuration of [defaultConfiguration, fastConfiguration]) {
    progress(`change to visible, ${configuration.name}`);
    results.push(...(await measure(configuration, plan.visibleSeconds, plan.repeats)));
  }
  return results;
};

const measure = async (configuration: Configuration, seconds: number, repeats: number): Promise<Result[]> => {
  await Promise.all([emptyLog(), emptyRedis()]);
  const folder = mkdtempSync(resolve('.data/bench-crm-'));
  const csv = join(folder, 'customers.csv');
  writeFileSync(csv, formatCsv(customers));
  const resources = createComponentsFolder(configuration.components, newGroup());
  const iotPlatform = await startIotPlatform(resources, configuration);
  const database = { CRM_DATABASE_URL: `sqlite:${join(folder, 'crm.sqlite')}`, CUSTOMERS_CSV: csv };
  const crm = await startCrm(resources, database).catch((error) => iotPlatform.end().then(() => Promise.reject(error)));
  try {
    await waitForView(iotPlatform, customers);
    // The client closes an idle connection before the server does; else a request could fail on a connection that just closes.
    const agent = new Agent({ keepAlive: true, timeout: 3_000 });
    const change = async (n: number): Promise<number> => {
      const due = performance.now();
      const { connectionId, ...body } = customer((n * 7) % customers, levels[n % levels.length] as string);
      const posted = await sendRequest(agent, `${crm.url}/customers/${((n * 7) % customers) + 1}`, {
        ...body,
        connectionId,
      });
      const revision = posted.headers['mandate-revision'];
      if (posted.status !== 200 || !revision) throw new Error(`the CRM answered ${posted.status}: ${posted.body}`);
      const shown = await sendRequest(
        agent,
        `${iotPlatform.url}/mandates/${connectionId}?minRevision=${revision}&waitMs=5000`,
      );
      if (shown.status !== 200) throw new Error(`the IoT platform answered ${shown.status}: ${shown.body}`);
      return performance.now() - due;
    };
    await runAtRate(4, change); // warms up the services
    const rounds: number[][] = [];
    for (let repeat = 0; repeat < repeats; repeat++) rounds.push(await runAtRate(seconds, change));
    agent.destroy();
    return createResults(configuration, rounds);
  } finally {
    await Promise.all([iotPlatform.end(), crm.end()]);
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Starts changes at the fixed rate for `seconds`. @throws the error of the first change that fails */
const runAtRate = async (seconds: number, change: (n: number) => Promise<number>): Promise<number[]> => {
  const began = performance.now();
  const started: Promise<number | Error>[] = [];
  while (started.length < seconds * changesPerSecond) {
    const due = began + (started.length * 1000) / changesPerSecond;
    const early = due - performance.now();
    if (early > 0) await delay(early);
    started.push(change(started.length).catch((error: Error) => error));
  }
  return (await Promise.all(started)).map((outcome) => {
    if (outcome instanceof Error) throw outcome;
    return outcome;
  });
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

const createResults = ({ name, components }: Configuration, rounds: readonly number[][]): Result[] => {
  const of = (id: string, title: string, q: number, atMost: number): Result => ({
    scenario: 'visible',
    id: `${id}-${name}`,
    title: `change to visible, ${title}, ${name}`,
    configuration: `${changesPerSecond} changes/s, ${components}`,
    unit: 'ms',
    values: rounds.map((latencies) => quantile(latencies, q)),
    goal: { atMost },
  });
  return [of('p50', 'median', 0.5, 10), of('p99', '99th percentile', 0.99, 40)];
};
