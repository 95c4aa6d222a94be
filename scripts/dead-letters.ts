import { parseArgs } from 'node:util';
import { topics } from '../contracts/topics.ts';
import { mandates } from '../iot-platform/mandates/materialise.ts';
import { reportFailure } from '../packages/cli/report-failure.ts';
import { table } from '../packages/cli/table.ts';
import { discardDeadLetters } from '../packages/projections/dead-letters/index.ts';
import { type DeadLetter, readDeadLetters } from './dead-letters/read-dead-letters.ts';
import { replayDeadLetters } from './dead-letters/replay-dead-letters.ts';
import { connectionOf, type LetterState, statesOf } from './dead-letters/states.ts';
import { withLabEnvironment } from './lab/lab-environment.ts';
import { openLog, whichLogHelp, whichLogOptions } from './open-log.ts';
import { openPorts, type Ports, readSidecarPort, usualPort } from './open-ports.ts';

const help = `The records that the IoT platform could not read, in ${topics.connectionMandatesDeadLetters.name}.
A connection that such a record concerns answers 503 until the record is superseded, replayed or discarded.

  npm run dead-letters -- list
  npm run dead-letters -- show ID
  npm run dead-letters -- replay ID ... | --all    writes them to their topic again, for a version that can read them
  npm run dead-letters -- discard ID ... | --all   their connections answer again, from what the view has

A replay counts where the original was: what has changed since stays. One that still cannot be read is a dead letter
again, under the same ID. With --all a replay leaves out what is discarded or settled, where the view can be asked.
Before you discard, compare the connection with the CRM: npm run explain -- CONNECTION

Options    --all
           --kafka   --embedded   which log
           --dapr-http-port N     the sidecar of the IoT platform, through which the view is read (3908)
           --help
Variables  KAFKA_BROKERS (localhost:9092)   DAPR_HTTP_PORT DAPR_API_TOKEN PUBSUB_NAME STATESTORE_NAME DATA_DIR

What is not set is taken from the lab that runs, if one does (npm run lab).
${whichLogHelp}`;

const commands = ['list', 'show', 'replay', 'discard'];

const main = async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      all: { type: 'boolean', default: false },
      'dapr-http-port': { type: 'string' },
      help: { type: 'boolean', default: false },
      ...whichLogOptions,
    },
  });
  const [command = 'list', ...ids] = positionals;
  if (values.help) return console.log(help);
  if (!commands.includes(command))
    throw new Error(`There is no command ${command}: list, show, replay or discard (npm run dead-letters -- --help).`);
  const daprHttpPort = readSidecarPort(values['dapr-http-port']);
  const env = await withLabEnvironment(process.env, { embedded: values.embedded, daprHttpPort });
  const platform = await openLog(env, values);
  const sidecarPort = daprHttpPort ?? Number(env.DAPR_HTTP_PORT || usualPort);
  const open = () =>
    openPorts(env, {
      embedded: platform.isEmbedded,
      daprHttpPort: platform.isEmbedded ? undefined : sidecarPort,
    });
  try {
    const letters = await readDeadLetters(platform.log, topics.connectionMandatesDeadLetters.name);
    if (command === 'list') return await list(letters, open);
    const chosen = values.all && command !== 'show' ? letters : ids.map((id) => find(letters, id));
    if (chosen.length === 0) throw new Error(`Which? Give an id of the list${command === 'show' ? '' : ', or --all'}.`);
    if (command === 'show') console.log(JSON.stringify(chosen, null, 2));
    else if (command === 'discard') await withPorts(open, (ports) => discard(ports, chosen));
    else {
      const replayed = values.all ? await unsettled(chosen, open) : chosen;
      await replayDeadLetters(platform, Object.values(topics), replayed, progress(replayed.length));
      console.log(`${replayed.length} written to their topics again.`);
    }
  } finally {
    platform.close();
  }
};

type Open = () => Promise<Ports>;

const withPorts = async <T>(open: Open, work: (ports: Ports) => Promise<T>): Promise<T> => {
  const ports = await open();
  return work(ports).finally(ports.close);
};

const list = async (letters: readonly DeadLetter[], open: Open) => {
  if (letters.length === 0) return console.log('There are no dead letters.');
  const states = await withPorts(open, (ports) => statesOf(ports, letters)).catch((error: Error) => error);
  const row = (letter: DeadLetter) => ({
    id: letter.id,
    time: letter.time,
    key: letter.data.key,
    ...(states instanceof Map && {
      connection: connectionOf(letter) ?? '',
      state: states.get(letter.id) as LetterState,
    }),
    reason: letter.data.reason,
  });
  console.log(table(letters.map(row)));
  if (states instanceof Error) console.error(`Which of them are open is not known: ${states.message}`);
};

/** Where the view cannot be asked, all of them: a replay of what is settled changes nothing. */
const unsettled = async (letters: readonly DeadLetter[], open: Open): Promise<readonly DeadLetter[]> => {
  const states = await withPorts(open, (ports) => statesOf(ports, letters)).catch(() => undefined);
  const isLeftOut = ({ id }: DeadLetter) => ['settled', 'discarded'].includes(states?.get(id) ?? '');
  return letters.filter((letter) => !isLeftOut(letter));
};

const discard = async (ports: Ports, letters: readonly DeadLetter[]) => {
  const placed = letters.flatMap((letter) => {
    const { partition, offset } = letter.data;
    return partition === undefined || offset === undefined ? [] : [{ partition, offset, key: connectionOf(letter) }];
  });
  await discardDeadLetters(mandates, ports.stores, placed);
  console.log(`${placed.length} discarded.`);
  if (placed.length < letters.length)
    console.log(`${letters.length - placed.length} have no place in the log, so they mark no connection.`);
};

const progress = (all: number) => {
  let done = 0;
  return (many: number) => {
    done += many;
    if (process.stdout.isTTY && all > many) process.stdout.write(`\r${done} of ${all}${done === all ? '\n' : ''}`);
  };
};

const find = (letters: readonly DeadLetter[], id: string): DeadLetter => {
  const letter = letters.find((candidate) => candidate.id === id);
  if (!letter) throw new Error(`There is no dead letter ${id}: npm run dead-letters -- list shows them.`);
  return letter;
};

main().catch(reportFailure);
