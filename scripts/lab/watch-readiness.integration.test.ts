import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchReadiness } from './watch-readiness.ts';

type Answers = { checks: Record<string, string>; view?: object };

const servers: Server[] = [];
let ending: AbortController;
let watching: Promise<void>;
let said: string[];
let crm: Answers;
let iotPlatform: Answers;

/** A service that answers what the test says. */
const serve = async (answers: () => Answers) => {
  const server = createServer((req, res) => {
    const { checks, view } = answers();
    const isReady = Object.values(checks).every((outcome) => outcome === 'ok');
    if (req.url === '/readyz') res.statusCode = isReady ? 200 : 503;
    res.end(JSON.stringify(req.url === '/readyz' ? { checks } : { store: 'statestore', view }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const watch = async (patienceMs = 60_000) => {
  const [crmUrl, iotPlatformUrl] = [await serve(() => crm), await serve(() => iotPlatform)];
  watching = watchReadiness({
    crm: { id: 'crm', url: crmUrl },
    iotPlatform: { id: 'iot-platform', url: iotPlatformUrl },
    say: (text) => void said.push(text),
    texts: { walkThrough: 'walk-through', remedies: ({ store, state }) => `remedies for ${store}, ${state}` },
    signal: ending.signal,
    patienceMs,
  });
};
const says = (...texts: string[]) => vi.waitFor(() => expect(said).toEqual(texts), { timeout: 10_000 });
const ready = { checks: { view: 'ok' }, view: { state: 'complete' } };
const warned = (state: string) => ({ checks: { view: 'a warning' }, view: { state, warning: 'a warning' } });

beforeEach(() => {
  ending = new AbortController();
  said = [];
  crm = { checks: {} };
  iotPlatform = ready;
});
afterEach(async () => {
  ending.abort();
  await watching;
  for (const server of servers.splice(0)) server.close();
});

it.each(['empty', 'incomplete'])('says once what helps a view that is %s, and when it is ready', async (state) => {
  iotPlatform = warned(state);
  await watch();
  await says(`remedies for statestore, ${state}`);
  iotPlatform = ready;
  const isReady = 'The IoT platform is ready: its view has every event.';
  await says(`remedies for statestore, ${state}`, isReady, 'walk-through');
  // The store is swapped while the lab runs.
  iotPlatform = warned('empty');
  await says(`remedies for statestore, ${state}`, isReady, 'walk-through', 'remedies for statestore, empty');
});

it('gives no advice while the view is rebuilt or was just begun', async () => {
  iotPlatform = warned('rebuilding');
  await watch(0);
  await says('Not ready yet:\n  iot-platform view: a warning\n');
  iotPlatform = ready;
  await says('Not ready yet:\n  iot-platform view: a warning\n', 'walk-through');
});

it('says once, after a while, what is missing, and keeps watching', async () => {
  crm = { checks: { eventBus: 'topic x does not exist', database: 'ok' } };
  await watch(0);
  await says('Not ready yet:\n  crm eventBus: topic x does not exist\n');
  crm = { checks: {} };
  await says('Not ready yet:\n  crm eventBus: topic x does not exist\n', 'walk-through');
});
