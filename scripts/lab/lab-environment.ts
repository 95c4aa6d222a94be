import { askLab, NoLabRuns } from './control-socket.ts';
import { readLabSettings } from './settings.ts';

/**
 * The environment of a script that works on the IoT platform: variables that are not set come from the lab that runs, if one
 * does. Another sidecar than the lab's, or the embedded file, has nothing to do with the lab.
 */
export const withLabEnvironment = async (
  env: NodeJS.ProcessEnv,
  { daprHttpPort, embedded }: { daprHttpPort?: number | undefined; embedded?: boolean } = {},
): Promise<NodeJS.ProcessEnv> => {
  if (embedded) return env;
  const lab = await askLab(readLabSettings(env).socket, { command: 'environment' }).catch((error: unknown) => {
    if (error instanceof NoLabRuns) return undefined;
    throw error;
  });
  const port = daprHttpPort ?? (env.DAPR_HTTP_PORT ? Number(env.DAPR_HTTP_PORT) : undefined);
  if (!lab || (port !== undefined && port !== Number(lab.environment?.DAPR_HTTP_PORT))) return env;
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value !== '');
  return { ...lab.environment, ...Object.fromEntries(set) };
};
