import { startProcess, waitForOutput } from '../../tests/platform-process.ts';
import { peakMemory } from '../measure/usage.ts';
import { broker, ports } from './ports.ts';

const lookAgainAfterMs = 250;

export type RunningRebuild = {
  /** Whether it still works. */
  runs(): boolean;
  /** The seconds it took and the most memory it was seen to have, in MB. @throws Error with what it said, when it failed */
  finished: Promise<{ seconds: number; megabytes: number }>;
};

/** `npm run rebuild` beside the live view of the first instance; resolves when it has begun to replay. */
export const startRebuild = async (...options: string[]): Promise<RunningRebuild> => {
  const args = ['--without-crm', '--dapr-http-port', String(ports.iotPlatforms[0].dapr), ...options];
  const rebuild = startProcess('scripts/rebuild.ts', { KAFKA_BROKERS: broker }, args);
  await waitForOutput(rebuild, /To be filled/);
  const began = performance.now();
  let [runs, megabytes] = [true, peakMemory(rebuild.pid)];
  const watch = setInterval(() => {
    megabytes = Math.max(megabytes, peakMemory(rebuild.pid));
  }, lookAgainAfterMs);
  const finished = rebuild.ended.then((code) => {
    runs = false;
    clearInterval(watch);
    if (code !== 0) throw new Error(`the rebuild ended with ${code} and said:\n${rebuild.output()}`);
    return { seconds: (performance.now() - began) / 1000, megabytes };
  });
  finished.catch(() => undefined); // whoever awaits it is told
  return { runs: () => runs, finished };
};
