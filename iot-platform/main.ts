import { join } from 'node:path';
import { topics } from '../contracts/topics.ts';
import { openEmbeddedPlatform } from '../lib/embedded/platform.ts';
import { createLog } from '../lib/log.ts';
import { runService } from '../lib/service.ts';
import { realWorld } from '../lib/world.ts';
import { readIotPlatformConfig } from './config.ts';
import { startIotPlatform } from './service.ts';

await runService(async () => {
  const config = readIotPlatformConfig(process.env);
  const world = realWorld(createLog(config.logLevel, process.stdout));
  const platform = openEmbeddedPlatform(join(config.dataDir, 'platform.sqlite'), Object.values(topics));
  const bus = platform.eventBus(config.consumerGroup);
  const store = platform.stateStore(config.stateStoreName);
  const service = await startIotPlatform(config, { ...world, bus, store });
  return { close: () => service.close().then(platform.close) };
});
