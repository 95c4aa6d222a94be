import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { serviceAddresses } from '../../contracts/service-addresses.ts';
import { crmSettings } from '../../crm/config.ts';
import { customerViewSettings } from '../../customer-view/config.ts';
import { iotPlatformSettings } from '../../iot-platform/config.ts';
import { listRunningServices } from '../../packages/platform/running-services.ts';
import { siblingWords } from '../sibling-program.ts';
import { waitUntil } from '../stack/wait-until.ts';

/** The platform in a process of its own. */
export type PlatformProcess = {
  readonly pid: number;
  readonly crm: string;
  readonly iotPlatform: string;
  readonly customerView: string;
  /** Kills it like a power cut, and resolves when it has ended. */
  kill(): Promise<void>;
};

const root = join(import.meta.dirname, '../..');
const startsWithinSeconds = 60;
const { crm, iotPlatform, customerView } = serviceAddresses;

/** The environment without what configures another platform, such as the sidecar of a lab that runs. */
export const createDemoEnvironment = (env: NodeJS.ProcessEnv, dataDir: string): NodeJS.ProcessEnv => {
  const settings = [crmSettings, iotPlatformSettings, customerViewSettings].flatMap(({ shape }) => Object.keys(shape));
  const addresses = Object.values(serviceAddresses).map(({ urlVariable }) => urlVariable);
  const others = Object.entries(env).filter(([name]) => ![...settings, ...addresses].includes(name));
  return { ...Object.fromEntries(others), DATA_DIR: dataDir };
};

/**
 * Starts npm start on free ports, and waits until every service is ready.
 * @param onSpawn gets the process before it is ready, so that the caller can end it at any time
 * @throws Error with what it printed, if it ends or is not ready within a minute
 */
export const startPlatformProcess = async (
  env: NodeJS.ProcessEnv,
  dataDir: string,
  onSpawn: (child: ChildProcess) => void,
): Promise<PlatformProcess> => {
  const ports = { APP_PORT: '0', APP_REST_PORT: '0', CUSTOMER_VIEW_PORT: '0', LOG_LEVEL: 'error' };
  const child = spawn(process.execPath, siblingWords('scripts/start.ts'), {
    cwd: root,
    env: { ...env, ...ports },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onSpawn(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const findUrls = () => {
    const own = listRunningServices(dataDir).filter(({ pid }) => pid === child.pid);
    const urls = [crm, iotPlatform, customerView].map(({ id }) => own.find(({ service }) => service === id)?.url);
    return urls.every((url) => url !== undefined) ? (urls as [string, string, string]) : undefined;
  };
  const urls = await waitUntil(startsWithinSeconds, async () => {
    if (hasEnded()) throw new Error(`npm start has ended:\n${output}`);
    const found = findUrls();
    return found && (await Promise.all(found.map(isReady))).every(Boolean) ? found : undefined;
  });
  if (!urls) throw new Error(`npm start is not ready within ${startsWithinSeconds} s:\n${output}`);
  return {
    pid: child.pid as number,
    crm: urls[0],
    iotPlatform: urls[1],
    customerView: urls[2],
    kill: () => killProcess(child),
  };
};

/** Kills a process unless it has ended, and resolves when it has. */
export const killProcess = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
};

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
