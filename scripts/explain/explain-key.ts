import { parseArgs } from 'node:util';
import { table } from '../../packages/cli/table.ts';
import { type OpenStores, openStores, readSidecarPort } from '../../packages/platform/open-adapters.ts';
import type { ViewExplanation } from '../../packages/platform/views.ts';
import type { Command } from '../command.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import { findView, type ServiceView, viewOption } from '../views.ts';

const help = (
  views: readonly ServiceView[],
) => `Why does a view show of a key what it shows? The key's events in the log, the source of the view, the view, and whether they
agree.

  npm run explain -- KEY

For mandates KEY is a connection. Ends with 0 when log, source and view agree, with 1 when they do not. A revision that the
source never gave is named, with what to do about it: npm run republish, or npm run rebuild -- --from-crm.

Options    --view NAME          which view: ${names(views)}
           --dapr-http-port N   the log is in Kafka, the sidecar of the service on this port
           --embedded           the log is in the file of npm start
           --help
Variables  CRM_URL (http://localhost:3005)   IOT_PLATFORM_URL (http://localhost:3008)
           DAPR_HTTP_PORT DAPR_API_TOKEN KAFKA_BROKERS PUBSUB_NAME DATA_DIR, as those of the service

Without --dapr-http-port, DAPR_HTTP_PORT or --embedded it takes what is there: the lab that runs; else the
sidecar on 3908, or the file.`;

const names = (views: readonly ServiceView[]) => views.map(({ projection }) => projection.name).join(', ');

type Explained = ServiceView & { readonly explain: ViewExplanation };
const isExplained = (view: ServiceView): view is Explained => view.explain !== undefined;

/** npm run explain */
export const explainKey: Command = async (args, { views: all, env: ownEnv, print }) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      'dapr-http-port': { type: 'string' },
      embedded: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      ...viewOption,
    },
  });
  const views = all.filter(isExplained);
  if (values.help) {
    print(help(views));
    return true;
  }
  const { service, explain } = findView(views, values.view) as Explained;
  const [key, ...more] = positionals;
  if (key === undefined || !explain.isKey(key) || more.length > 0) throw new Error(explain.question);
  const where = { daprHttpPort: readSidecarPort(values['dapr-http-port']), embedded: values.embedded };
  const env = await withLabEnvironment(ownEnv, where);
  let opened: OpenStores | undefined;
  const openLog = async () => {
    opened = await openStores(env, service, where);
    return opened.log;
  };
  const { events, sides, agree, sentences } = await explain
    .explain(key, { env, openLog })
    .finally(() => opened?.close());
  print(events.length > 0 ? table(events) : `The log has no event of ${key}.`);
  print(`\n${table(sides)}\n\n${sentences.join('\n')}`);
  return agree;
};
