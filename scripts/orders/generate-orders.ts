import { setTimeout as delay } from 'node:timers/promises';
import { serviceAddresses } from '../../contracts/service-addresses.ts';
import { topics } from '../../contracts/topics.ts';
import { createProgress, formatCount } from '../../packages/cli/progress.ts';
import { formatTable } from '../../packages/cli/table.ts';
import {
  type CalledService,
  callService,
  describeRefusal,
  refuseOtherServer,
} from '../../packages/http/call-service.ts';
import { locateService } from '../../packages/platform/locate-service.ts';
import { openLog } from '../../packages/platform/open-adapters.ts';
import { ExpectedError } from '../../packages/runtime/expected-error.ts';
import type { Command } from '../command.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import type { ServiceView } from '../views.ts';
import { whichLogHelp } from '../which-log.ts';
import { readArguments } from './arguments.ts';
import { sendSamples } from './send-samples.ts';

const help = `Usage: npm run orders -- generate N [OPTIONS]
Creates N orders through the REST API of the running CRM, and then shows the end offsets of ${topics.orders.name}.

The orders are for the first 1,000 customers of the CRM. Customer, product, quantity, price and date of each order follow from the
seed. With the same seed and the same customers the same orders are created, each of them once: a repeated run adds nothing, and a run
that was stopped is continued.
${whichLogHelp}

Options
  --rate R         at most R orders a second (default: as fast as the CRM accepts them)
  --seed S         a whole number below 2^32 (default: a new one, which is printed)
  --crm URL        the CRM (default: CRM_URL, else the running one: docs/configuration.md)
  --kafka          the log is in Kafka
  --embedded       the log is in the file of npm start
  --help           shows this text

Environment (npm run lab, while it runs, supplies what is not set)
  CRM_URL          the CRM (default: the one that runs on DATA_DIR, else http://localhost:3005)
  KAFKA_BROKERS    brokers of Kafka (default: localhost:9092)
  DATA_DIR         folder of the file of npm start (default: .data)

Examples
  npm run orders -- generate 1000
  npm run orders -- generate 500 --rate 50 --seed 7

Exit codes
  0  the orders exist
  1  the command failed; the message says what to do`;

/** npm run orders */
export const generateOrders: Command = async (args, { views, env: ownEnv, print }) => {
  const given = readArguments(args);
  if (!given) {
    print(help);
    return true;
  }
  const { count, seed } = given;
  const service = findSubscriber(views);
  const env = await withLabEnvironment(ownEnv, service.appId, given);
  const crm = locateService(serviceAddresses.crm, env, { name: '--crm', value: given.crm });
  const { log, close } = await openLog(env, service, given);
  try {
    const customerIds = await fetchCustomerIds(crm);
    print(`Seed ${seed}`);
    const progress = createProgress(process.stderr);
    const show = (done: number) => progress.update([{ name: 'orders', done, total: count, unit: 'orders' }]);
    progress.begin('orders');
    show(0);
    const { created, different } = await sendSamples(crm, { ...given, customerIds, onProgress: show }).finally(
      progress.end,
    );
    print(`The CRM has ${formatCount(created)} orders of seed ${seed}.`);
    if (different > 0)
      print(`${formatCount(different)} more were created by an earlier run, when the CRM had other customers.`);
    await waitUntilPublished(crm, print);
    const ranges = await log.offsets(topics.orders.name);
    print(
      formatTable(ranges.map(({ partition, end }) => ({ topic: topics.orders.name, partition, 'end offset': end }))),
    );
    return true;
  } finally {
    close();
  }
};

/** The service that follows the orders, whose configuration says where the log is. */
const findSubscriber = (views: readonly ServiceView[]) => {
  const view = views.find(({ projection }) => projection.topic.name === topics.orders.name);
  if (!view) throw new Error(`No view follows ${topics.orders.name}.`);
  return view.service;
};

/** @throws ExpectedError when there are none */
const fetchCustomerIds = async (crm: CalledService): Promise<string[]> => {
  const response = await callService(crm, '/customers?limit=1000');
  refuseOtherServer(crm, '/customers', response);
  if (!response.ok) throw new ExpectedError(`The CRM does not list its customers: ${describeRefusal(response)}`);
  const items = response.body.items as { customerId: string }[];
  if (items.length === 0) throw new ExpectedError('The CRM has no customers: npm run import -- FILE registers some.');
  return items.map(({ customerId }) => customerId);
};

const publishTimeoutMs = 30_000;
const pollMs = 100;

/** Waits for up to 30 seconds until the CRM has published all events. */
const waitUntilPublished = async (crm: CalledService, print: (line: string) => void): Promise<void> => {
  for (const startedAt = performance.now(); ; await delay(pollMs)) {
    const { outbox } = (await callService(crm, '/status')).body as { outbox?: { waiting: number } };
    if (!outbox || outbox.waiting === 0) return;
    if (performance.now() - startedAt < publishTimeoutMs) continue;
    return print(`${formatCount(outbox.waiting)} events are not published yet, so the end offsets still grow.`);
  }
};
