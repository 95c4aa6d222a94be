import { join } from 'node:path';
import { describe } from 'vitest';
import { testClockSkew } from './clock-skew.ts';
import { canFakeClocks } from './fake-clock.ts';
import { dataFolder, startProcess, waitForOutput } from './platform-process.ts';

describe.runIf(await canFakeClocks())('services with skewed clocks, on the embedded log', () => {
  testClockSkew(async () => {
    const folder = dataFolder();
    const start = async (file: string, pattern: RegExp, env: Record<string, string>) => {
      const own = { DATA_DIR: folder, CRM_DATABASE_URL: `sqlite:${join(folder, 'crm.sqlite')}`, ...env };
      const started = startProcess(file, own);
      const [url = ''] = await waitForOutput(started, pattern);
      return { ...started, url };
    };
    return {
      startCrm: (env) => start('crm/main.ts', /"url":"([^"]+)","msg":"CRM listens"/, env),
      startIot: (env) => start('iot-platform/main.ts', /"url":"([^"]+)","msg":"IoT platform listens"/, env),
    };
  });
});
