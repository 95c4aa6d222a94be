import { join } from 'node:path';
import { registerSchemas } from '../../schemas/register.ts';
import { listSchemas } from '../../schemas/schema-files.ts';
import { requireJavaVersion } from '../java.ts';
import { fetchArchive } from '../maven.ts';
import type { Part, Report } from '../part.ts';
import { settings } from '../settings.ts';

const version = '3.3.3';
const port = settings.schemaRegistryPort;
const address = `http://127.0.0.1:${port}`;
const artifact = { groupId: 'io.apicurio', artifactId: 'apicurio-registry-app', version, classifier: 'all' };

const prepare = async (folder: string, report: Report) => {
  const program = await requireJavaVersion(21);
  const files = await fetchArchive(`apicurio-registry-${version}`, artifact, report);
  const properties = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': port,
    // Its second server, for health and metrics, would listen on port 9000 of all interfaces.
    'quarkus.management.host': '127.0.0.1',
    'quarkus.management.port': 0,
    // Records contain the id of their schema. In memory, the default, another schema could get this id after a restart.
    'apicurio.datasource.url': `jdbc:h2:file:${join(folder, 'data/registry')}`,
    'quarkus.log.level': 'WARN',
  };
  const options = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  return { program, args: ['-Xmx384m', ...options, '-jar', join(files, 'quarkus-run.jar')] };
};

export const schemaRegistry: Part = {
  title: `Apicurio Registry ${version}`,
  port,
  portVariable: 'SCHEMA_REGISTRY_PORT',
  isOptional: true,
  prepare,
  probe: async () => {
    try {
      const answer = await fetch(`${address}/apis/registry/v3/system/info`, { signal: AbortSignal.timeout(2_000) });
      return answer.ok ? ((await answer.json()) as { version?: string }).version : undefined;
    } catch {
      return undefined;
    }
  },
  provision: async (report) => {
    const registered = await registerSchemas(`${address}/apis/ccompat/v7`, listSchemas('contracts/events'));
    report(`has the schemas of ${registered.length} subjects`);
  },
};
