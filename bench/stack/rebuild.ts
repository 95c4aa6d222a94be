import { startProcess, waitForOutput } from '../../tests/platform-process.ts';
import { peakMemory } from '../measure/usage.ts';
import { broker, ports } from './ports.ts';

const pollEveryMs = 250;

export type RunningRebuild = {
  /** Whether the rebuild has not ended yet. */
  isRunning(): boolean;
  /** The duration in seconds and the peak memory in MB; rejects with the output when the rebuild fails. */
  finished: Promise<{ seconds: number; megabytes: number }>;
};

/**
 * Starts `npm run rebuild` of the version in the folder `checkout` next to the live view of the first instance; resolves when it
 * begins to replay.
 */
export const startRebuild = async (checkout: string, ...options: string[]): Promise<RunningRebuild> => {
  const { dapr, grpc } = ports.iotPlatforms[0] as (typeof ports.iotPlatforms)[number];
  const args = ['--without-crm', '--dapr-http-port', String(dapr), ...options];
  const env = { KAFKA_BROKERS: broker, DAPR_GRPC_PORT: String(grpc) };
  const rebuild = startProcess('scripts/rebuild.ts', env, args, checkout);
  await waitForOutput(rebuild, /To be filled/);
  const began = performance.now();
  let [runs, megabytes] = [true, peakMemory(rebuild.pid)];
  const watch = setInterval(() => {
    megabytes = Math.max(megabytes, peakMemory(rebuild.pid));
  }, pollEveryMs);
  const finished = rebuild.ended.then((code) => {
    runs = false;
    clearInterval(watch);
    if (code !== 0) throw new Error(`The rebuild ended with ${code}. Its output:\n${rebuild.output()}`);
    return { seconds: (performance.now() - began) / 1000, megabytes };
  });
  finished.catch(() => undefined); // the caller awaits it later
  return { isRunning: () => runs, finished };
};
