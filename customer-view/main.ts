import { serviceAddresses } from '../contracts/service-addresses.ts';
import { checkPorts } from '../packages/http/listen.ts';
import { openPlatform } from '../packages/platform/open-platform.ts';
import { recordService } from '../packages/platform/running-services.ts';
import { runService } from '../packages/platform/service.ts';
import { portsOf } from '../packages/platform/view-service/index.ts';
import { topicsOf } from '../packages/platform/views.ts';
import { createLog } from '../packages/runtime/log.ts';
import { createRuntime } from '../packages/runtime/runtime.ts';
import { openTracer } from '../packages/tracing/open-tracer.ts';
import { readCustomerViewConfig } from './config.ts';
import { customerViews } from './projections.ts';
import { startCustomerView } from './service.ts';

await runService(async (fail) => {
  const config = readCustomerViewConfig(process.env);
  const log = createLog(config.logLevel, process.stdout);
  await checkPorts(portsOf(config, 'CUSTOMER_VIEW_PORT'));
  const runtime = createRuntime(log, await openTracer('customer-view', config.tracing, log));
  const platform = openPlatform(config, topicsOf(customerViews), { ...runtime, fail });
  const service = await startCustomerView(config, {
    ...runtime,
    bus: platform.eventBus(config),
    topicLog: platform.logReader(config),
    operatorLog: platform.operatorLog(),
    deliveries: platform.deliveries,
    callbacks: platform.callbacks,
  });
  log.info({ url: service.url }, 'customer-view listens');
  const removeRecord = recordService(
    config,
    {
      service: serviceAddresses.customerView.id,
      url: service.url,
      deliveryPort: config.deliveryPort,
    },
    runtime,
  );
  return { close: () => service.close().then(removeRecord).then(platform.close).then(runtime.tracer.close) };
});
