import { join } from 'node:path';
import { afterEach, describe } from 'vitest';
import { testClockSkew } from './clock-skew.ts';
import { canFakeClocks } from './fake-clock.ts';
import { dataFolder, type RunningProcess } from './platform-process.ts';
import { createComponentsFolder, startCrmApp, startIotApp, startSidecar } from './stack/dapr-lab.ts';
import { resetStack } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

describe.runIf((await isStackReady()) && (await canFakeClocks()))(
  'services with skewed clocks, on Dapr and Kafka',
  () => {
    const sidecars: RunningProcess[] = [];
    afterEach(async () => {
      await Promise.all(sidecars.splice(0).map((sidecar) => sidecar.end('SIGTERM')));
    });

    testClockSkew(async () => {
      await resetStack();
      const [resources, folder] = [createComponentsFolder(), dataFolder()];
      const { rest, ...crmPorts } = ports.crm;
      const { rest: _, app, ...iotPorts } = ports.iotPlatforms[0];
      const [crmSidecar, iotSidecar] = await Promise.all([
        startSidecar('crm', rest, crmPorts, resources),
        startSidecar('iot-platform', app, iotPorts, resources),
      ]);
      sidecars.push(crmSidecar, iotSidecar);
      const database = { CRM_DATABASE_URL: `sqlite:${join(folder, 'crm.sqlite')}` };
      const withoutSidecar = ({ url, app }: { url: string; app: RunningProcess }) => ({ url, end: app.end });
      return {
        startCrm: async (env) => withoutSidecar(await startCrmApp(crmSidecar, { ...database, ...env })),
        startIot: async (env) => withoutSidecar(await startIotApp(iotSidecar, env)),
      };
    });
  },
);
