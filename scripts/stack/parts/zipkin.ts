import { join } from 'node:path';
import { fetchJars, requireJava } from '../maven.ts';
import type { Part, Report } from '../part.ts';
import { settings } from '../settings.ts';

const version = '3.5.1';
const port = settings.zipkinPort;
const artifact = { groupId: 'io.zipkin', artifactId: 'zipkin-server', version, classifier: 'slim' };

const prepare = async (_folder: string, report: Report) => {
  const java = await requireJava();
  const folder = await fetchJars(`zipkin-${version}`, [artifact], report);
  const listen = { ip: '127.0.0.1', port, 'protocols[0]': 'http' };
  const options = Object.entries(listen).map(([name, value]) => `--armeria.ports[0].${name}=${value}`);
  return { program: java, args: ['-Xmx256m', '-jar', join(folder, `zipkin-server-${version}-slim.jar`), ...options] };
};

export const zipkin: Part = {
  title: `Zipkin ${version}`,
  port,
  portVariable: 'ZIPKIN_PORT',
  prepare,
  probe: async () => {
    const address = `http://127.0.0.1:${port}`;
    const get = (path: string) => fetch(address + path, { signal: AbortSignal.timeout(2_000) });
    try {
      if (!(await get('/health')).ok) return undefined;
      return ((await (await get('/info')).json()) as { zipkin?: { version?: string } }).zipkin?.version;
    } catch {
      return undefined;
    }
  },
};
