import { topics } from '../contracts/topics.ts';
import { createLog } from '../lib/log.ts';
import { openPlatform } from '../lib/open-platform.ts';
import { runService } from '../lib/service.ts';
import { realWorld } from '../lib/world.ts';
import { readCrmConfig } from './config.ts';
import { startCrm } from './service.ts';

await runService(async (fail) => {
  const config = readCrmConfig(process.env);
  const world = realWorld(createLog(config.logLevel, process.stdout), { service: 'crm', zipkinUrl: config.zipkinUrl });
  const platform = openPlatform(config, [topics.connectionMandates], { ...world, fail });
  const bus = platform.eventBus({ pubsub: config.pubsub, consumerGroup: 'crm' });
  const crm = await startCrm(config, { ...world, bus });
  return { close: () => crm.close().then(platform.close).then(world.tracer.close) };
});
