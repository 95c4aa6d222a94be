import { serviceAddresses } from '../contracts/service-addresses.ts';
import { openRedisEvictionCheck } from '../packages/dapr/redis-eviction.ts';
import { checkPorts } from '../packages/http/listen.ts';
import { openPlatform } from '../packages/platform/open-platform.ts';
import { recordService } from '../packages/platform/running-services.ts';
import { runService } from '../packages/platform/service.ts';
import { portsOf } from '../packages/platform/view-service/index.ts';
import { topicsOf } from '../packages/platform/views.ts';
import { createLog } from '../packages/runtime/log.ts';
import { createRuntime } from '../packages/runtime/runtime.ts';
import { openTracer } from '../packages/tracing/open-tracer.ts';
import { readIotPlatformConfig } from './config.ts';
import { iotPlatformViews } from './projections.ts';
import { startIotPlatform } from './service.ts';

await runService(async (fail) => {
  const config = readIotPlatformConfig(process.env);
  const log = createLog(config.logLevel, process.stdout);
  await checkPorts(portsOf(config, 'APP_REST_PORT'));
  const runtime = createRuntime(log, await openTracer('iot-platform', config.tracing, log));
  const redis = config.redisUrl ? await openRedisEvictionCheck(config.redisUrl) : undefined;
  const platform = openPlatform(config, topicsOf(iotPlatformViews), { ...runtime, fail });
  const bus = platform.eventBus(config);
  const store = platform.stateStore(config.stateStoreName);
  const service = await startIotPlatform(config, {
    ...runtime,
    bus,
    store,
    secondaryStore: platform.stateStore,
    topicLog: platform.logReader(config),
    operatorLog: platform.operatorLog(),
    deliveries: platform.deliveries,
    callbacks: platform.callbacks,
    checks: redis && { redis: redis.check },
  });
  log.info({ url: service.url }, 'IoT platform listens');
  const removeRecord = recordService(
    config,
    {
      service: serviceAddresses.iotPlatform.id,
      url: service.url,
      deliveryPort: config.deliveryPort,
    },
    runtime,
  );
  return {
    close: () => service.close().then(removeRecord).then(redis?.close).then(platform.close).then(runtime.tracer.close),
  };
});
