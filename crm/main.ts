import { serviceAddresses } from '../contracts/service-addresses.ts';
import { topics } from '../contracts/topics.ts';
import { checkPorts } from '../packages/http/listen.ts';
import { openPlatform } from '../packages/platform/open-platform.ts';
import { recordService } from '../packages/platform/running-services.ts';
import { runService } from '../packages/platform/service.ts';
import { limitGarbage } from '../packages/runtime/limit-garbage.ts';
import { createLog } from '../packages/runtime/log.ts';
import { createRuntime } from '../packages/runtime/runtime.ts';
import { openTracer } from '../packages/tracing/open-tracer.ts';
import { readCrmConfig } from './config.ts';
import { identifyDatabase, refuseContradictingCrm } from './contradicting-crm.ts';
import { startCrm } from './service.ts';

const publishedTopics = [
  topics.connectionMandates,
  topics.customers,
  topics.customerRegistrations,
  topics.orders,
  topics.greetings,
];

limitGarbage();

await runService(async (fail, stopping) => {
  const config = readCrmConfig(process.env);
  const log = createLog(config.logLevel, process.stdout);
  await checkPorts([{ ...config, variable: 'APP_PORT', hasSidecar: Boolean(config.dapr) }]);
  if (!config.dapr) refuseContradictingCrm(config, serviceAddresses.crm.id);
  const runtime = createRuntime(log, await openTracer('crm', config.tracing, log));
  const platform = openPlatform(config, publishedTopics, { ...runtime, fail });
  const bus = platform.eventBus({ pubsub: config.pubsub, consumerGroup: 'crm' });
  const crm = await startCrm(config, { ...runtime, bus, stopping });
  log.info({ url: crm.url }, 'CRM listens');
  const removeRecord = recordService(
    config,
    { service: serviceAddresses.crm.id, url: crm.url, database: identifyDatabase(config.databaseUrl) },
    runtime,
  );
  return { close: () => crm.close().then(removeRecord).then(platform.close).then(runtime.tracer.close) };
});
