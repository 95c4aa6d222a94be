import { parseArgs } from 'node:util';
import { createProgress } from '../../packages/cli/progress.ts';
import { table } from '../../packages/cli/table.ts';
import { openLog, openStores, readSidecarPort } from '../../packages/platform/open-adapters.ts';
import { storesOfView } from '../../packages/platform/views.ts';
import {
  type DeadLetter,
  discardDeadLetters,
  keyOfDeadLetter,
  readDeadLetters,
  readLetterStates,
  replayDeadLetters,
} from '../../packages/projections/dead-letters/index.ts';
import { type Stores, storesOf } from '../../packages/projections/generations/index.ts';
import type { Command } from '../command.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import { findView, type ServiceView, viewOption } from '../views.ts';
import { whichLogHelp, whichLogOptions } from '../which-log.ts';

const help = (views: readonly ServiceView[]) => `The records that a view could not read, from its dead-letter topic.
A document that such a record concerns answers 503 until the record is superseded, replayed or discarded.

  npm run dead-letters -- list
  npm run dead-letters -- show ID
  npm run dead-letters -- replay ID ... | --all    writes them to their topic again, for a version that can read them
  npm run dead-letters -- discard ID ... | --all   their documents answer again, from what the view has

A replay counts where the original was: what has changed since stays. One that still cannot be read is a dead letter
again, under the same ID. With --all a replay leaves out what is discarded or settled, where the view can be asked.
Before you discard, compare with the source: npm run explain -- KEY

Options    --view NAME            which view: ${views.map(({ projection }) => projection.name).join(', ')}
           --all
           --kafka   --embedded   which log
           --dapr-http-port N     the sidecar of the service, through which the view is read (3908)
           --help
Variables  KAFKA_BROKERS (localhost:9092)   DAPR_HTTP_PORT DAPR_API_TOKEN PUBSUB_NAME STATESTORE_NAME DATA_DIR

What is not set is taken from the lab that runs, if one does (npm run lab).
${whichLogHelp}`;

const commands = ['list', 'show', 'replay', 'discard'];

/** npm run dead-letters */
export const deadLetters: Command = async (args, { views, env: ownEnv, print }) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      all: { type: 'boolean', default: false },
      'dapr-http-port': { type: 'string' },
      help: { type: 'boolean', default: false },
      ...viewOption,
      ...whichLogOptions,
    },
  });
  const [command = 'list', ...ids] = positionals;
  if (values.help) {
    print(help(views));
    return true;
  }
  if (!commands.includes(command))
    throw new Error(`There is no command ${command}: list, show, replay or discard (npm run dead-letters -- --help).`);
  const view = findView(views, values.view);
  const { service, projection } = view;
  const daprHttpPort = readSidecarPort(values['dapr-http-port']);
  const env = await withLabEnvironment(ownEnv, { embedded: values.embedded, daprHttpPort });
  const platform = await openLog(env, service, values);
  const port = daprHttpPort ?? Number(env.DAPR_HTTP_PORT || service.sidecarPort);
  const where = { embedded: platform.isEmbedded, daprHttpPort: platform.isEmbedded ? undefined : port };
  const withStores: WithStores = async (work) => {
    const { stores, close } = await openStores(env, service, where);
    const own = storesOf(storesOfView(view, { store: stores(), secondaryStore: stores }));
    return work(own).finally(close);
  };
  try {
    const letters = await readDeadLetters(platform.log, projection);
    if (command === 'list') {
      await list(view, letters, withStores, print);
      return true;
    }
    const chosen = values.all && command !== 'show' ? letters : ids.map((id) => find(letters, id));
    if (chosen.length === 0) throw new Error(`Which? Give an id of the list${command === 'show' ? '' : ', or --all'}.`);
    if (command === 'show') print(JSON.stringify(chosen, null, 2));
    else if (command === 'discard') await withStores((stores) => discard(view, stores, chosen, print));
    else {
      const replayed = values.all ? await unsettled(view, chosen, withStores) : chosen;
      await replayDeadLetters(platform, [projection.topic], replayed, showProgress(replayed.length));
      print(`${replayed.length} written to their topics again.`);
    }
    return true;
  } finally {
    platform.close();
  }
};

type WithStores = <T>(work: (stores: Stores) => Promise<T>) => Promise<T>;
type Print = (line: string) => void;

const list = async (
  { projection, keyName }: ServiceView,
  letters: readonly DeadLetter[],
  withStores: WithStores,
  print: Print,
) => {
  if (letters.length === 0) return print('There are no dead letters.');
  const states = await withStores((stores) => readLetterStates(projection, stores, letters)).catch(
    (error: Error) => error,
  );
  const row = (letter: DeadLetter) => ({
    id: letter.id,
    time: letter.time,
    key: letter.data.key,
    ...(states instanceof Map && {
      [keyName]: keyOfDeadLetter(projection, letter) ?? '',
      state: String(states.get(letter.id)),
    }),
    reason: letter.data.reason,
  });
  print(table(letters.map(row)));
  if (states instanceof Error) console.error(`Which of them are open is not known: ${states.message}`);
};

/** Where the view cannot be asked, all of them: a replay of what is settled changes nothing. */
const unsettled = async (
  { projection }: ServiceView,
  letters: readonly DeadLetter[],
  withStores: WithStores,
): Promise<readonly DeadLetter[]> => {
  const states = await withStores((stores) => readLetterStates(projection, stores, letters)).catch(() => undefined);
  const isLeftOut = ({ id }: DeadLetter) => ['settled', 'discarded'].includes(states?.get(id) ?? '');
  return letters.filter((letter) => !isLeftOut(letter));
};

const discard = async (
  { projection, keyName }: ServiceView,
  stores: Stores,
  letters: readonly DeadLetter[],
  print: Print,
) => {
  const placed = letters.flatMap((letter) => {
    const { partition, offset } = letter.data;
    const key = keyOfDeadLetter(projection, letter);
    return partition === undefined || offset === undefined ? [] : [{ partition, offset, key }];
  });
  await discardDeadLetters(projection, stores, placed);
  print(`${placed.length} discarded.`);
  if (placed.length < letters.length)
    print(`${letters.length - placed.length} have no place in the log, so they mark no ${keyName}.`);
};

const showProgress = (total: number) => {
  const display = createProgress(process.stderr);
  display.begin('replaying');
  let done = 0;
  return (many: number) => {
    done += many;
    display.update([{ name: 'replaying', done, total }]);
    if (done === total) display.end();
  };
};

const find = (letters: readonly DeadLetter[], id: string): DeadLetter => {
  const letter = letters.find((candidate) => candidate.id === id);
  if (!letter) throw new Error(`There is no dead letter ${id}: npm run dead-letters -- list shows them.`);
  return letter;
};
