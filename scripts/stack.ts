import { parseOptions } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';
import { defaultPartNames, isPart, isProgram, partNames, programNames, programs } from './stack/parts.ts';
import { startPart } from './stack/start-part.ts';
import { readStackStatus } from './stack/status.ts';
import { stopPart } from './stack/stop-part.ts';

const help = `Usage: npm run stack -- [up | down | status] [PART ...] [--with-cli] [--quiet]
Runs Kafka, Redis, MariaDB and Zipkin on this Linux machine without Docker, and installs the Dapr sidecar.

Programs on PATH and in ~/.dapr/bin are used; the others are fetched or built into ~/.cache/connection-mandates.

Commands
  up           starts the parts that do not answer yet, and creates the topics
  down         stops the parts that up started, and no others; the data stays
  status       shows port, version and health of each part (the default)

Parts (default: the first line)
  kafka redis mysql zipkin daprd
  schema-registry
               Apicurio Registry, which needs Java 21; up registers the schemas of the events
  dapr         the Dapr CLI

Options
  --with-cli   includes the Dapr CLI
  --quiet      prints errors only
  --help       shows this text

Environment
  KAFKA_PORT   port of Kafka (default: 9092); the next port is its controller's
  REDIS_PORT   port of Redis (default: 6379)
  MYSQL_PORT   port of MariaDB or MySQL (default: 3306)
  ZIPKIN_PORT  port of Zipkin (default: 9411)
  SCHEMA_REGISTRY_PORT
               port of the schema registry (default: 8081)
  STACK_DIR    folder of data and logs (default: .data/stack)

Examples
  npm run stack -- up
  npm run stack -- up kafka redis
  npm run stack -- up schema-registry
  npm run stack -- down

Exit codes
  0  the command is done
  1  a part could not be started or stopped; the message says why`;

const readCommand = () => {
  const options = { 'with-cli': { type: 'boolean' }, quiet: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values, positionals } = parseOptions('npm run stack', { options, allowPositionals: true });
  const [verb = 'status', ...names] = positionals;
  const unknown = names.find((name) => !isPart(name) && !isProgram(name));
  if (unknown)
    throw new Error(`There is no part ${unknown}. The parts are ${[...partNames, ...programNames].join(', ')}.`);
  const chosen = names.length > 0 ? names : [...defaultPartNames, 'daprd'];
  if (values['with-cli']) chosen.push('dapr');
  return { verb: values.help ? 'help' : verb, chosen: [...new Set(chosen)], quiet: values.quiet ?? false };
};

const main = async (): Promise<void> => {
  const { verb, chosen, quiet } = readCommand();
  const reportOf = (name: string) => (line: string) => quiet || console.log(`${name.padEnd(6)} ${line}`);
  const forEach = <Name extends string>(names: Name[], act: (name: Name) => Promise<unknown>) =>
    Promise.all(names.map((name) => act(name).catch((error: Error) => fail(`${name}: ${error.message}`))));
  if (verb === 'up') {
    await forEach(chosen, async (name) => {
      if (isPart(name)) await startPart(name, reportOf(name));
      else if (isProgram(name)) reportOf(name)(`is ${await programs[name].ensure(reportOf(name))}`);
    });
  } else if (verb === 'down') await forEach(chosen.filter(isPart), (name) => stopPart(name, reportOf(name)));
  else if (verb === 'status') console.log(formatTable(await readStackStatus()));
  else if (verb === 'help') console.log(help);
  else throw new Error(`There is no command ${verb}. The commands are up, down and status (npm run stack -- --help).`);
};

const fail = (message: string): void => {
  console.error(message);
  process.exitCode = 1;
};

await runMain(main);
