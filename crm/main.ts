import { join } from 'node:path';
import { topics } from '../contracts/topics.ts';
import { openEmbeddedPlatform } from '../lib/embedded/platform.ts';
import { createLog } from '../lib/log.ts';
import { runService } from '../lib/service.ts';
import { realWorld } from '../lib/world.ts';
import { readCrmConfig } from './config.ts';
import { startCrm } from './service.ts';

await runService(async () => {
  const config = readCrmConfig(process.env);
  const world = realWorld(createLog(config.logLevel, process.stdout));
  const platform = openEmbeddedPlatform(join(config.dataDir, 'platform.sqlite'), Object.values(topics));
  const crm = await startCrm(config, { ...world, bus: platform.eventBus('crm') });
  return { close: () => crm.close().then(platform.close) };
});
