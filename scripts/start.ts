import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { serviceAddresses } from '../contracts/service-addresses.ts';
import { topics } from '../contracts/topics.ts';
import { readCrmConfig } from '../crm/config.ts';
import { identifyDatabase, refuseContradictingCrm } from '../crm/contradicting-crm.ts';
import { checkCustomersFile, startCrm } from '../crm/service.ts';
import { readCustomerViewConfig } from '../customer-view/config.ts';
import { startCustomerView } from '../customer-view/service.ts';
import { readIotPlatformConfig } from '../iot-platform/config.ts';
import { startIotPlatform } from '../iot-platform/service.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { checkPorts } from '../packages/http/listen.ts';
import { recordService } from '../packages/platform/running-services.ts';
import { runService, type Service } from '../packages/platform/service.ts';
import { readEnvironments } from '../packages/runtime/environment.ts';
import { createLog } from '../packages/runtime/log.ts';
import { createRuntime } from '../packages/runtime/runtime.ts';
import { openTracer } from '../packages/tracing/open-tracer.ts';
import { listLoopbackOrigins } from './loopback-origins.ts';
import { formatBanner } from './start/banner.ts';
import { lockDataFolder } from './start/lock-data-folder.ts';
import { waitUntilSettled } from './start/wait-until-settled.ts';

const help = `Usage: npm start
Runs the CRM, the IoT platform and the customer-view in one process on an embedded database, and loads the customers of a CSV
file.

Options
  --help            shows this text

Environment (.env.example lists all variables)
  APP_PORT          port of the CRM (default: 3005)
  APP_REST_PORT     port of the IoT platform (default: 3008)
  CUSTOMER_VIEW_PORT
                    port of the customer-view (default: 3010)
  DATA_DIR          folder of the data; remove it to start from scratch (default: .data)
  CRM_DATABASE_URL  memory, sqlite:FILE or mysql://user:password@host:port/database (default: sqlite:DATA_DIR/crm.sqlite)
  CUSTOMERS_CSV     file of the customers to load, or none (default: data/customer-database.csv)
  OPERATOR_TOKEN    token of the operator, 16 to 256 characters (default: a new one, which is printed; docs/operations.md)
  LOG_LEVEL         trace, debug, info, warn, error or silent (default: info)
  OTEL_EXPORTER_OTLP_ENDPOINT
                    OTLP collector to which spans are reported (default: none; docs/tracing.md)

Examples
  APP_PORT=4005 npm start
  npm start -- --help`;

/** Without OPERATOR_TOKEN, a token for this start. */
const readConfigs = (own: NodeJS.ProcessEnv) => {
  const env: NodeJS.ProcessEnv = { ...own, OPERATOR_TOKEN: own.OPERATOR_TOKEN || randomUUID() };
  const [crmConfig, iotConfig, customerViewConfig] = readEnvironments(
    () =>
      readCrmConfig({
        ...env,
        CRM_DATABASE_URL: env.CRM_DATABASE_URL || `sqlite:${join(env.DATA_DIR || '.data', 'crm.sqlite')}`,
      }),
    () => readIotPlatformConfig(env),
    () => readCustomerViewConfig(env),
  );
  return { crmConfig, iotConfig, customerViewConfig };
};

const settlesWithinSeconds = 5;

const startPlatform = async (_fail: (error: Error) => void, stopping: AbortSignal) => {
  const { crmConfig, ...viewConfigs } = readConfigs(process.env);
  /** The pages of the CRM may call the other services. Its port is known when it listens. */
  const origins = [...crmConfig.access.origins];
  const access = { ...crmConfig.access, origins };
  const iotConfig = { ...viewConfigs.iotConfig, access };
  const customerViewConfig = { ...viewConfigs.customerViewConfig, access };
  const { dataDir, host } = iotConfig;
  const dataFolder = lockDataFolder(dataDir);
  await checkPorts([
    { host, port: crmConfig.port, variable: 'APP_PORT' },
    { host, port: iotConfig.port, variable: 'APP_REST_PORT' },
    { host, port: customerViewConfig.port, variable: 'CUSTOMER_VIEW_PORT' },
  ]);
  checkCustomersFile(crmConfig);
  refuseContradictingCrm(crmConfig, serviceAddresses.crm.id);
  const log = createLog(crmConfig.logLevel, process.stdout);
  const runtimeOf = async (service: string) => createRuntime(log, await openTracer(service, crmConfig.tracing, log));
  const crmRuntime = await runtimeOf('crm');
  const iotRuntime = await runtimeOf('iot-platform');
  const customerViewRuntime = await runtimeOf('customer-view');
  const platform = openEmbeddedPlatform(join(dataDir, 'platform.sqlite'), Object.values(topics), createRuntime(log));
  const started: Service[] = [];
  const close = async () => {
    for (const service of started.toReversed()) await service.close();
    platform.close();
    dataFolder.release();
    await Promise.all([crmRuntime, iotRuntime, customerViewRuntime].map(({ tracer }) => tracer.close()));
  };

  try {
    const iotPlatform = await startIotPlatform(iotConfig, {
      ...iotRuntime,
      bus: platform.eventBus(iotConfig.consumerGroup),
      store: platform.stateStore(iotConfig.stateStoreName),
      secondaryStore: platform.stateStore,
      topicLog: platform.logReader(),
      operatorLog: platform.operatorLog(),
    });
    started.push(iotPlatform);
    const customerView = await startCustomerView(customerViewConfig, {
      ...customerViewRuntime,
      bus: platform.eventBus(customerViewConfig.consumerGroup),
      topicLog: platform.logReader(),
      operatorLog: platform.operatorLog(),
    });
    started.push(customerView);
    const crm = await startCrm(crmConfig, { ...crmRuntime, bus: platform.eventBus('crm'), stopping });
    started.push(crm);
    origins.push(...listLoopbackOrigins(crm.url));
    const { id } = serviceAddresses.crm;
    const database = identifyDatabase(crmConfig.databaseUrl);
    const removeRecords = [
      recordService({ dataDir }, { service: id, url: crm.url, database }, crmRuntime),
      recordService({ dataDir }, { service: serviceAddresses.iotPlatform.id, url: iotPlatform.url }, crmRuntime),
      recordService({ dataDir }, { service: serviceAddresses.customerView.id, url: customerView.url }, crmRuntime),
    ];
    started.unshift({
      close: async () => {
        for (const removeRecord of removeRecords) removeRecord();
      },
    });
    const urls = { crm: crm.url, iotPlatform: iotPlatform.url, customerView: customerView.url };
    // The banner offers requests that need the loaded customers in the views.
    await waitUntilSettled(urls, settlesWithinSeconds, stopping);
    if (!stopping.aborted)
      process.stdout.write(formatBanner(urls, process.env.OPERATOR_TOKEN ? undefined : iotConfig.operatorToken));
    return { close };
  } catch (error) {
    // The process must not end while a thread uses its database, because SQLite's binding then aborts it.
    await close().catch(() => {});
    throw error;
  }
};

const args = process.argv.slice(2);
if (args.includes('--help')) console.log(help);
else if (args.length > 0) {
  console.error(`npm start has no argument ${args[0]}: environment variables configure it, see npm start -- --help.`);
  process.exitCode = 1;
} else await runService(startPlatform, { print: (line) => process.stdout.write(line) });
