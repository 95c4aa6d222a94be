import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../tests/eventually.ts';
import { watchReadiness } from './watch-readiness.ts';

type Answers = { checks: Record<string, string>; view?: object };

const servers: Server[] = [];
let ending: AbortController;
let watching: Promise<void>;
let printed: string[];
let crm: Answers;
let iotPlatform: Answers;
let customerView: Answers;

/** Serves /readyz and /status with the answers of the test. */
const serve = async (answers: () => Answers) => {
  const server = createServer((req, res) => {
    const { checks, view } = answers();
    const isReady = Object.values(checks).every((outcome) => outcome === 'ok');
    if (req.url === '/readyz') res.statusCode = isReady ? 200 : 503;
    const query = new URLSearchParams(req.url?.split('?')[1]).get('view');
    res.end(JSON.stringify(req.url === '/readyz' ? { checks } : { store: query ?? 'statestore', view }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const watch = async (patienceMs = 60_000) => {
  watching = watchReadiness({
    members: [
      { id: 'crm', name: 'CRM', url: await serve(() => crm) },
      { id: 'iot-platform', name: 'IoT platform', url: await serve(() => iotPlatform) },
      { id: 'customer-view', name: 'customer-view', url: await serve(() => customerView) },
    ],
    print: (text) => void printed.push(text),
    texts: { walkThrough: 'walk-through', remedies: (_, { store, state }) => `remedies for ${store}, ${state}` },
    signal: ending.signal,
    patienceMs,
  });
};
const expectPrinted = (...texts: string[]) => eventually(() => expect(printed).toEqual(texts));
const ready = { checks: { view: 'ok' }, view: { state: 'complete' } };
const createWarning = (state: string) => ({ checks: { view: 'a warning' }, view: { state, warning: 'a warning' } });

beforeEach(() => {
  ending = new AbortController();
  printed = [];
  crm = { checks: {} };
  iotPlatform = ready;
  customerView = ready;
});
afterEach(async () => {
  ending.abort();
  await watching;
  for (const server of servers.splice(0)) server.close();
});

it.each([
  'empty',
  'incomplete',
])('prints the remedies of a view that is %s once, then that it is ready', async (state) => {
  iotPlatform = createWarning(state);
  await watch();
  await expectPrinted(`remedies for statestore, ${state}`);
  iotPlatform = ready;
  const isReady = 'The IoT platform is ready: its view has every event.';
  await expectPrinted(`remedies for statestore, ${state}`, isReady, 'walk-through');
  // The store is replaced while the lab runs.
  iotPlatform = createWarning('empty');
  await expectPrinted(`remedies for statestore, ${state}`, isReady, 'walk-through', 'remedies for statestore, empty');
});

it('prints the remedies of each service with such a view', async () => {
  iotPlatform = createWarning('empty');
  customerView = { ...createWarning('incomplete'), checks: { 'view:orders': 'a warning', 'view:greetings': 'ok' } };
  await watch();
  await expectPrinted('remedies for statestore, empty', 'remedies for orders, incomplete');
  iotPlatform = ready;
  await expectPrinted(
    'remedies for statestore, empty',
    'remedies for orders, incomplete',
    'The IoT platform is ready: its view has every event.',
  );
});

it('prints no remedies while the view is rebuilt', async () => {
  iotPlatform = createWarning('rebuilding');
  await watch(0);
  await expectPrinted('Not ready yet:\n  iot-platform view: a warning\n');
  iotPlatform = ready;
  await expectPrinted('Not ready yet:\n  iot-platform view: a warning\n', 'walk-through');
});

it('prints the failed checks once after a while, and keeps watching', async () => {
  crm = { checks: { eventBus: 'topic x does not exist', database: 'ok' } };
  await watch(0);
  await expectPrinted('Not ready yet:\n  crm eventBus: topic x does not exist\n');
  crm = { checks: {} };
  await expectPrinted('Not ready yet:\n  crm eventBus: topic x does not exist\n', 'walk-through');
});
