import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createRegistry } from '../contracts/schema-registry.ts';
import { parseOptions } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';
import { type CheckedSchema, checkRegistered, checkReleased } from './schemas/check.ts';
import { registerSchemas } from './schemas/register.ts';
import { listSchemas } from './schemas/schema-files.ts';
import { settings } from './stack/settings.ts';

const help = `Usage: npm run schemas -- [check | register | release]
Compares the schemas of the events with the released ones, and registers them in a schema registry.

Commands
  check        fails if an event of one schema could not be read by the other, in both directions (the default). It needs no network;
               if a schema registry answers, it compares with its latest schemas as well
  register     registers the schemas, and has the registry refuse incompatible ones
  release      records the schemas as released, if the check finds nothing

Options
  --help       shows this text

Environment
  SCHEMA_REGISTRY_URL
               the Confluent API of the registry (default: http://localhost:8081/apis/ccompat/v7). If it is set, a registry must answer

Examples
  npm run schemas -- check
  npm run stack -- up schema-registry
  npm run schemas -- register

Exit codes
  0  the schemas are compatible, or registered
  1  a schema is incompatible, or the registry does not answer; the messages name file and field`;

const folder = 'contracts/events';
const url = settings.schemaRegistryUrl;

/** Prints what is not as released. @returns whether all schemas are compatible */
const report = (checked: readonly CheckedSchema[], other: string): boolean => {
  for (const { path, problems, isNew, isChanged } of checked) {
    for (const problem of problems) console.error(`${path}: ${problem}`);
    if (problems.length === 0 && isNew) console.log(`${path} is new: ${other} has no such schema.`);
    else if (problems.length === 0 && isChanged) console.log(`${path} has changed, and is compatible with ${other}.`);
  }
  return checked.every(({ problems }) => problems.length === 0);
};

const check = async (): Promise<boolean> => {
  const schemas = listSchemas(folder);
  const isCompatible = report(checkReleased(schemas), 'the release');
  const hasRegistry = Boolean(process.env.SCHEMA_REGISTRY_URL) || (await createRegistry(url).isReachable());
  const isAccepted = hasRegistry ? report(await checkRegistered(url, schemas), `the registry at ${url}`) : true;
  const compared = hasRegistry ? `the released ones and with the registry at ${url}` : 'the released ones';
  if (isCompatible && isAccepted) console.log(`${schemas.length} schemas are compatible with ${compared}.`);
  else process.exitCode = 1;
  return isCompatible && isAccepted;
};

const release = (): void => {
  const schemas = listSchemas(folder);
  if (!report(checkReleased(schemas), 'the release'))
    throw new Error('Nothing was released. A change that is not compatible needs a new version of the event.');
  for (const { path, releasedPath } of schemas) {
    mkdirSync(dirname(releasedPath), { recursive: true });
    copyFileSync(path, releasedPath);
  }
};

await runMain(async () => {
  const options = { help: { type: 'boolean' } } as const;
  const { values, positionals } = parseOptions('npm run schemas', { options, allowPositionals: true });
  const [command = 'check', extra] = positionals;
  if (values.help) console.log(help);
  else if (extra !== undefined) throw new Error(`There is no argument ${extra} (npm run schemas -- --help).`);
  else if (command === 'check') await check();
  else if (command === 'register') console.log(formatTable(await registerSchemas(url, listSchemas(folder))));
  else if (command === 'release') release();
  else
    throw new Error(
      `There is no command ${command}. The commands are check, register and release (npm run schemas -- --help).`,
    );
});
