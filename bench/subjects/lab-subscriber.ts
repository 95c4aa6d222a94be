import { topics } from '../../contracts/topics.ts';
import { type RetryPolicy, retry } from '../../packages/runtime/retry.ts';
import { createSidecarArguments } from '../../scripts/sidecar-arguments.ts';
import { startProcess, startProgram } from '../../tests/platform-process.ts';
import { createComponentsFolder } from '../stack/components.ts';
import { ports } from '../stack/ports.ts';
import { ensureDaprd, pidOf } from '../stack/stack.ts';
import { emptyRedis } from '../stack/stores.ts';
import { checkView, readDaprRedis } from '../stack/view-check.ts';
import { newGroup } from './ours.ts';
import { measureProgram } from './program.ts';
import type { Subject } from './subject.ts';

const lastEvents: RetryPolicy<unknown> = {
  while: (_error): _error is unknown => true,
  timeoutMs: 5_000,
  backoff: () => 200,
};

/** The subscriber of the Dapr lab: DaprServer and DaprClient of the SDK over HTTP. */
export const labSubscriber: Subject = {
  id: 'lab-way',
  title: 'the lab’s subscriber',
  configuration: '@dapr/dapr, HTTP; one event, one awaited save',
  run: async (work) => {
    await emptyRedis();
    const { rest: _, app: appPort, ...sidecarPorts } = ports.iotPlatforms[0] as (typeof ports.iotPlatforms)[number];
    const args = [appPort, sidecarPorts.dapr, topics.connectionMandates.name, work.events].map(String);
    const resources = createComponentsFolder('dapr-components', newGroup());
    // DaprServer has no route for the health check.
    const sidecarArgs = createSidecarArguments('iot-platform', appPort, sidecarPorts, resources, 'http').filter(
      (argument) => !argument.includes('health'),
    );
    const app = startProcess('bench/baselines/lab-subscriber.ts', {}, args);
    const sidecar = startProgram(await ensureDaprd(), sidecarArgs, {});
    try {
      const measured = await measureProgram(app, work.events, {
        daprd: sidecar.pid,
        redis: pidOf('redis'),
        kafka: pidOf('kafka'),
      });
      // It counts deliveries, so after a repeated one the last event may still be missing.
      await retry(() => checkView(work, readDaprRedis), lastEvents);
      return measured;
    } finally {
      await Promise.all([sidecar.end('SIGKILL'), app.end('SIGKILL')]);
    }
  },
};
