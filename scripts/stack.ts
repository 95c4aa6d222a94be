import { parseArgs } from 'node:util';
import { table } from '../packages/cli/table.ts';
import { isPart, isProgram, partNames, programNames, programs } from './stack/parts.ts';
import { startPart } from './stack/start-part.ts';
import { status } from './stack/status.ts';
import { stopPart } from './stack/stop-part.ts';

const help = `Kafka, Redis, MariaDB, Zipkin and the Dapr sidecar on this Linux machine, without Docker.

  npm run stack -- up [part ...]     starts what does not answer yet, creates the topics
  npm run stack -- down [part ...]   stops what up started, and nothing else; the data stays
  npm run stack -- status            shows each part, its port, version and health

Parts      kafka redis mysql zipkin daprd dapr (dapr, the CLI, only when named or with --with-cli)
Options    --with-cli  also the Dapr CLI      --quiet  only errors      --help
Variables  KAFKA_PORT REDIS_PORT MYSQL_PORT ZIPKIN_PORT; STACK_DIR for data and logs (.data/stack)

What is on PATH or in ~/.dapr/bin is used; the rest is fetched or built into ~/.cache/connection-mandates.`;

const readCommand = () => {
  const options = { 'with-cli': { type: 'boolean' }, quiet: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [verb = 'status', ...names] = positionals;
  const unknown = names.find((name) => !isPart(name) && !isProgram(name));
  if (unknown)
    throw new Error(`There is no part ${unknown}: name some of ${[...partNames, ...programNames].join(', ')}.`);
  const chosen = names.length > 0 ? names : [...partNames, 'daprd'];
  if (values['with-cli']) chosen.push('dapr');
  return { verb: values.help ? 'help' : verb, chosen: [...new Set(chosen)], quiet: values.quiet ?? false };
};

const main = async (): Promise<void> => {
  const { verb, chosen, quiet } = readCommand();
  const tell = (name: string) => (line: string) => quiet || console.log(`${name.padEnd(6)} ${line}`);
  const all = <Name extends string>(names: Name[], act: (name: Name) => Promise<unknown>) =>
    Promise.all(names.map((name) => act(name).catch((error: Error) => fail(`${name}: ${error.message}`))));
  if (verb === 'up') {
    await all(chosen, async (name) => {
      if (isPart(name)) await startPart(name, tell(name));
      else if (isProgram(name)) tell(name)(`is ${await programs[name].ensure(tell(name))}`);
    });
  } else if (verb === 'down') await all(chosen.filter(isPart), (name) => stopPart(name, tell(name)));
  else if (verb === 'status') console.log(table(await status()));
  else if (verb === 'help') console.log(help);
  else throw new Error(`There is no command ${verb}: say up, down or status (--help tells more).`);
};

const fail = (message: string): void => {
  console.error(message);
  process.exitCode = 1;
};

main().catch((error: Error) => fail(error.message));
