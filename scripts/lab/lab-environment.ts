import type { ConsumerId } from '../components.ts';
import { LabNotRunning, requestLab } from './control-socket.ts';
import { readLabToken } from './lab-token.ts';
import { readLabSettings } from './settings.ts';

/**
 * The environment of a command that works on a service: while a lab runs, it supplies the variables that are not set. It supplies
 * none where the command uses another sidecar or broker than the lab's, or the embedded file.
 */
export const withLabEnvironment = async (
  env: NodeJS.ProcessEnv,
  service: ConsumerId,
  { daprHttpPort, embedded }: { daprHttpPort?: number | undefined; embedded?: boolean } = {},
): Promise<NodeJS.ProcessEnv> => {
  if (embedded) return env;
  const { socket, tokenFile } = readLabSettings(env);
  const lab = await requestLab(socket, { command: 'environment', service }).catch((error: unknown) => {
    if (error instanceof LabNotRunning) return undefined;
    throw error;
  });
  const port = daprHttpPort ?? (env.DAPR_HTTP_PORT ? Number(env.DAPR_HTTP_PORT) : undefined);
  if (!lab?.environment) return env;
  const { DAPR_HTTP_PORT, KAFKA_BROKERS } = lab.environment;
  const isOther =
    (port !== undefined && port !== Number(DAPR_HTTP_PORT)) ||
    (env.KAFKA_BROKERS && env.KAFKA_BROKERS !== KAFKA_BROKERS);
  if (isOther) return env;
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value !== '');
  // The token is not sent over the socket; it is in a file that only this user can read.
  const token = readLabToken(tokenFile);
  return { ...lab.environment, ...(token && { DAPR_API_TOKEN: token }), ...Object.fromEntries(set) };
};
