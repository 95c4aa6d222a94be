import { askLab, NoLabRuns } from './control-socket.ts';
import { readLabToken } from './lab-token.ts';
import { readLabSettings } from './settings.ts';

/**
 * The environment of a script that works on the IoT platform: variables that are not set come from the lab that runs, if one
 * does. Another sidecar or broker than the lab's, or the embedded file, has nothing to do with the lab.
 */
export const withLabEnvironment = async (
  env: NodeJS.ProcessEnv,
  { daprHttpPort, embedded }: { daprHttpPort?: number | undefined; embedded?: boolean } = {},
): Promise<NodeJS.ProcessEnv> => {
  if (embedded) return env;
  const { socket, tokenFile } = readLabSettings(env);
  const lab = await askLab(socket, { command: 'environment' }).catch((error: unknown) => {
    if (error instanceof NoLabRuns) return undefined;
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
  // Over the socket no secret is passed on; the file has the token, and is this user's alone.
  const token = readLabToken(tokenFile);
  return { ...lab.environment, ...(token && { DAPR_API_TOKEN: token }), ...Object.fromEntries(set) };
};
