import { parseOptions } from '../../packages/cli/options.ts';
import { formatTable } from '../../packages/cli/table.ts';
import { type OpenStores, openStores, readSidecarPort } from '../../packages/platform/open-adapters.ts';
import type { ViewExplanation } from '../../packages/platform/views.ts';
import type { Command } from '../command.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import { findView, listNames, type ServiceView, viewOption } from '../views.ts';

const help = (views: readonly ServiceView[]) => `Usage: npm run explain -- KEY [OPTIONS]
Shows what the log, the source and a view have for one key, and whether they agree.

For the view mandates the key is a connection. A revision that the source never issued is reported together with its remedy:
npm run republish, or npm run rebuild -- --from-crm.
Without --dapr-http-port, DAPR_HTTP_PORT and --embedded the command uses what runs: npm run lab, else the sidecar on port 3908,
else the file of npm start.

Options
  --view NAME         the view: ${listNames(views)}
  --dapr-http-port N  the log is in Kafka, and the service's sidecar listens on this port
  --embedded          the log is in the file of npm start
  --help              shows this text

Environment (npm run lab, while it runs, supplies what is not set)
  CRM_URL             the CRM (default: the one that runs on DATA_DIR, else http://localhost:3005)
  IOT_PLATFORM_URL    the IoT platform (default: the one that runs on DATA_DIR, else http://localhost:3008)
  DAPR_HTTP_PORT, DAPR_GRPC_PORT, DAPR_API_TOKEN, KAFKA_BROKERS, PUBSUB_NAME, DATA_DIR
                      as for the service (see .env.example)

Examples
  npm run explain -- 7733

Exit codes
  0  log, source and view agree
  1  they differ, or the command failed; the message says what to do`;

type ExplainableView = ServiceView & { readonly explain: ViewExplanation };
const isExplainable = (view: ServiceView): view is ExplainableView => view.explain !== undefined;

/** npm run explain */
export const explainKey: Command = async (args, { views: all, env: ownEnv, print }) => {
  const { values, positionals } = parseOptions('npm run explain', {
    args,
    allowPositionals: true,
    options: {
      'dapr-http-port': { type: 'string' },
      embedded: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      ...viewOption,
    },
  });
  const views = all.filter(isExplainable);
  if (values.help) {
    print(help(views));
    return true;
  }
  const { service, explain } = findView(views, values.view) as ExplainableView;
  const [key, ...more] = positionals;
  if (key === undefined || !explain.key.safeParse(key).success || more.length > 0) throw new Error(explain.question);
  const where = { daprHttpPort: readSidecarPort(values['dapr-http-port']), embedded: values.embedded };
  const env = await withLabEnvironment(ownEnv, service.appId, where);
  let opened: OpenStores | undefined;
  const openLog = async () => {
    opened = await openStores(env, service, where);
    return opened.log;
  };
  const explainAndClose = async () => {
    try {
      return await explain.explain(key, { env, openLog });
    } finally {
      await opened?.close();
    }
  };
  const { events, sides, agree, sentences } = await explainAndClose();
  print(events.length > 0 ? formatTable(events) : `The log has no event of ${key}.`);
  print(`\n${formatTable(sides)}\n\n${sentences.join('\n')}`);
  return agree;
};
