import type { ChildProcess } from 'node:child_process';
import { quoteWord } from '../../packages/cli/quote-word.ts';
import { explainKey } from '../explain/explain-key.ts';
import { waitUntilSettled } from '../start/wait-until-settled.ts';
import { views } from '../views.ts';
import { type ChangeStream, type Customer, streamChanges } from './change-stream.ts';
import type { Narrator } from './narrator.ts';
import { type PlatformProcess, startPlatformProcess } from './platform-process.ts';
import { explainConnections, findDisagreements } from './verify-agreement.ts';

type DemoContext = {
  readonly narrator: Narrator;
  /** The environment of npm start and of the commands, with DATA_DIR. */
  readonly env: NodeJS.ProcessEnv;
  readonly dataDir: string;
  /** Gets every process, so that the caller can end it at any time. */
  readonly onSpawn: (child: ChildProcess) => void;
};

/** The process is killed when so many changes are answered. */
const killAfterChanges = 200;
const settlesWithinSeconds = 15;
const connectionOfDemo = '7733';

/** Runs the demo. @returns whether everything agreed in the end */
export const runDemo = async (context: DemoContext): Promise<boolean> => {
  const { narrator } = context;
  await narrator.step('Start the CRM, the IoT platform and the customer-view in one process, on an empty folder');
  const first = await start(context);
  const customers = await showCustomers(first, narrator);
  await changeOneMandate(first, narrator);
  const stream = await killInStream(first, customers, narrator);
  await narrator.step('Start it again, on the same folder');
  const second = await start(context);
  await narrator.step('Compare what was answered with the log, the CRM and the view');
  const agrees = await showAgreement(second, stream, customers, context);
  await second.kill();
  return agrees;
};

const start = async ({ narrator, env, dataDir, onSpawn }: DemoContext): Promise<PlatformProcess> => {
  narrator.command(`DATA_DIR=${quoteWord(dataDir)} APP_PORT=0 APP_REST_PORT=0 CUSTOMER_VIEW_PORT=0 npm start`);
  const startedAt = performance.now();
  const platform = await startPlatformProcess(env, dataDir, onSpawn);
  narrator.answer(
    `CRM            ${platform.crm}\nIoT platform   ${platform.iotPlatform}\ncustomer-view  ${platform.customerView}`,
  );
  narrator.explain(`All services are ready after ${elapsedSince(startedAt)} ms, as process ${platform.pid}.`);
  return platform;
};

const showCustomers = async (
  { crm, iotPlatform }: PlatformProcess,
  narrator: Narrator,
): Promise<readonly Customer[]> => {
  await narrator.step('Look at a customer and at the mandate of her connection');
  const { items } = (await fetchJson(`${crm}/customers?limit=100`)) as { items: Customer[] };
  narrator.explain(
    `The CRM has loaded ${items.length} customers from data/customer-database.csv. Customer 7 is one of them:`,
  );
  await get(`${crm}/customers/7`, narrator);
  narrator.explain(
    'The IoT platform never calls the CRM. It knows the mandate from an event, and may read the meter that far:',
  );
  await get(`${iotPlatform}/mandates/${connectionOfDemo}`, narrator);
  return items;
};

const changeOneMandate = async ({ crm, iotPlatform }: PlatformProcess, narrator: Narrator): Promise<void> => {
  await narrator.step('Change the mandate in the CRM: Corinne allows reading in real time');
  const body = '{"connectionMandate":"2"}';
  narrator.command(`curl -X PATCH ${crm}/customers/7 -H 'Content-Type: application/json' -d '${body}'`);
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${crm}/customers/7`, { method: 'PATCH', headers, body });
  const text = await response.text();
  const answeredAt = performance.now();
  const revision = response.headers.get('mandate-revision');
  const url = `${iotPlatform}/mandates/${connectionOfDemo}?minRevision=${revision}&waitMs=5000`;
  const view = await fetch(url);
  const shown = await view.text();
  const latencyMs = elapsedSince(answeredAt);
  narrator.answer(text.trimEnd());
  narrator.explain(
    `The CRM answers with revision ${revision}. A client that must not miss it waits for this revision:`,
  );
  narrator.command(`curl '${url}'`);
  narrator.answer(shown.trimEnd());
  if (!view.ok) throw new Error('The IoT platform does not show the change.');
  narrator.explain(`The IoT platform showed the change ${latencyMs} ms after the answer of the CRM.`);
};

const killInStream = async (
  { crm, pid, kill }: PlatformProcess,
  customers: readonly Customer[],
  narrator: Narrator,
): Promise<ChangeStream> => {
  await narrator.step('Kill the process in the middle of a stream of changes');
  narrator.explain(`All ${customers.length} mandates change as fast as the CRM answers. Then, without any warning:`);
  const { items } = (await fetchJson(`${crm}/customers?limit=100`)) as { items: Customer[] };
  let killed: Promise<void> | undefined;
  const stream = await streamChanges(crm, items, (count) => {
    if (count === killAfterChanges) killed = kill();
  });
  await killed;
  narrator.command(`kill -9 ${pid}`);
  narrator.explain(
    `${stream.answered.length} changes had been answered. ${stream.unanswered} had no answer yet, so each of them may be stored or not.`,
  );
  return stream;
};

const showAgreement = async (
  platform: PlatformProcess,
  { answered }: ChangeStream,
  customers: readonly Customer[],
  { narrator, env, dataDir }: DemoContext,
): Promise<boolean> => {
  // A change that is stored but was not published before the kill is published now.
  await waitUntilSettled(platform, settlesWithinSeconds);
  narrator.command(`DATA_DIR=${quoteWord(dataDir)} npm run explain -- ${connectionOfDemo} --embedded`);
  const print = (text: string) => narrator.answer(shorten(text));
  await explainKey([connectionOfDemo, '--embedded'], { views, env, print });
  narrator.explain(
    'An event that was published just before the kill can be published again, with the same revision, which changes nothing.',
  );
  const connectionIds = customers.map(({ connectionId }) => connectionId);
  const explanations = await explainConnections(connectionIds, env);
  return reportAgreement(
    findDisagreements(answered, explanations),
    { answered: answered.length, connections: connectionIds.length },
    narrator,
  );
};

/** Prints what differs, or that nothing does. @returns whether nothing differs */
export const reportAgreement = (
  disagreements: readonly string[],
  { answered, connections }: { answered: number; connections: number },
  { explain }: Pick<Narrator, 'explain'>,
): boolean => {
  if (disagreements.length === 0) {
    explain(
      `Nothing is lost: all ${answered} answered changes are in the log, and for all ${connections} connections log, CRM and view agree.`,
    );
    return true;
  }
  explain('They do not agree, which must never happen. Please report it with these lines:');
  for (const sentence of disagreements) explain(`  ${sentence}`);
  return false;
};

const get = async (url: string, narrator: Narrator): Promise<void> => {
  narrator.command(`curl ${url}`);
  const response = await fetch(url);
  narrator.answer((await response.text()).trimEnd());
};

const fetchJson = async (url: string): Promise<unknown> => (await fetch(url)).json();

const elapsedSince = (time: number): number => Math.max(1, Math.round(performance.now() - time));

const maxLines = 8;
/** Keeps the first and the last lines of a long table. */
const shorten = (text: string): string => {
  const lines = text.split('\n');
  if (lines.length <= maxLines) return text;
  const left = lines.length - maxLines + 1;
  return [...lines.slice(0, maxLines / 2), `… ${left} more lines`, ...lines.slice(1 - maxLines / 2)].join('\n');
};
