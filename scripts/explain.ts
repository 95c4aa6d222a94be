import { parseArgs } from 'node:util';
import { connectionIdSchema } from '../contracts/events/connection-mandate-changed/schema.ts';
import { mandates } from '../iot-platform/mandates/materialise.ts';
import { reportFailure } from '../packages/cli/report-failure.ts';
import { table } from '../packages/cli/table.ts';
import { askCrm, askView } from './explain/ask-services.ts';
import { eventsOfConnection } from './explain/events-of-connection.ts';
import { judge } from './explain/judge.ts';
import { withLabEnvironment } from './lab/lab-environment.ts';
import { openPorts, readSidecarPort } from './open-ports.ts';

const help = `Why is the mandate of a connection what it is? Its events in the log, the CRM, the view, and whether they agree.

  npm run explain -- CONNECTION

Ends with 0 when log, CRM and view agree, with 1 when they do not. A revision that the CRM never gave is named, with what to
do about it: npm run republish, or npm run rebuild -- --from-crm.

Options    --dapr-http-port N   the log is in Kafka, the sidecar of the IoT platform on this port
           --embedded           the log is in the file of npm start
           --help
Variables  CRM_URL (http://localhost:3005)   IOT_PLATFORM_URL (http://localhost:3008)
           DAPR_HTTP_PORT DAPR_API_TOKEN KAFKA_BROKERS PUBSUB_NAME DATA_DIR, as those of the IoT platform

Without --dapr-http-port, DAPR_HTTP_PORT or --embedded it takes what is there: the lab that runs; else the
sidecar on 3908, or the file.`;

type Where = Parameters<typeof openPorts>[1];

const explain = async (connectionId: string, where: Where): Promise<boolean> => {
  const env = await withLabEnvironment(process.env, where);
  const { CRM_URL, IOT_PLATFORM_URL } = env;
  const view = await askView(IOT_PLATFORM_URL || 'http://localhost:3008', connectionId);
  const { log, close } = await openPorts(env, where);
  const events = await eventsOfConnection(log, mandates, connectionId).finally(close);
  // The CRM last: a revision that it gives after it was asked would look like one that it never gave.
  const crm = await askCrm(CRM_URL || 'http://localhost:3005', connectionId);
  console.log(
    events.length > 0
      ? table(events.map(({ replayOf: _, ...line }) => line))
      : `The log has no event of ${connectionId}.`,
  );
  const { agree, sentences } = judge(events, crm, view);
  const sides = [
    { side: 'CRM', level: crm.level ?? 'none', revision: crm.revision ?? '', where: crm.where },
    {
      side: 'view',
      level: view.refusal === undefined ? (view.level ?? 'none') : 'no answer',
      revision: view.revision ?? '',
      where: view.where,
    },
  ];
  console.log(`\n${table(sides)}\n\n${sentences.join('\n')}`);
  return agree;
};

const main = async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'dapr-http-port': { type: 'string' },
      embedded: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const [connectionId, ...more] = positionals;
  if (!connectionIdSchema.safeParse(connectionId).success || more.length > 0)
    throw new Error('Which connection? npm run explain -- 7733 (1 to 64 characters of 0-9, A-Z and -).');
  const where = { daprHttpPort: readSidecarPort(values['dapr-http-port']), embedded: values.embedded };
  if (!(await explain(connectionId as string, where))) process.exitCode = 1;
};

main().catch(reportFailure);
