import { parseOptions } from '../../packages/cli/options.ts';
import { createProgress } from '../../packages/cli/progress.ts';
import { formatTable } from '../../packages/cli/table.ts';
import { discardLetters, filterOpen, findWithheld } from '../../packages/platform/maintenance/index.ts';
import { openLog, openStores, readSidecarPort } from '../../packages/platform/open-adapters.ts';
import { openViewStores } from '../../packages/platform/views.ts';
import {
  type DeadLetter,
  keyOfDeadLetter,
  readDeadLetterStates,
  readDeadLetters,
  recordOf,
  replayDeadLetters,
} from '../../packages/projections/dead-letters/index.ts';
import { createStores, type Stores } from '../../packages/projections/generations/index.ts';
import type { Command } from '../command.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import { findView, type ServiceView, viewOption } from '../views.ts';
import { whichLogOptions } from '../which-log.ts';
import { help } from './help.ts';

const commands = ['list', 'show', 'replay', 'discard'];

/** npm run dead-letters */
export const deadLetters: Command = async (args, { views, env: ownEnv, print }) => {
  const { values, positionals } = parseOptions('npm run dead-letters', {
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
    throw new Error(
      `There is no command ${command}. The commands are list, show, replay and discard (npm run dead-letters -- --help).`,
    );
  const view = findView(views, values.view);
  const { service, projection } = view;
  const daprHttpPort = readSidecarPort(values['dapr-http-port']);
  const env = await withLabEnvironment(ownEnv, service.appId, { embedded: values.embedded, daprHttpPort });
  const platform = await openLog(env, service, values);
  const port = daprHttpPort ?? Number(env.DAPR_HTTP_PORT || service.sidecarPort);
  const where = { embedded: platform.isEmbedded, daprHttpPort: platform.isEmbedded ? undefined : port };
  const withStores: WithStores = async (work) => {
    const { stores, close } = await openStores(env, service, where);
    const own = createStores(openViewStores(view, { store: stores(), secondaryStore: stores }));
    try {
      return await work(own);
    } finally {
      await close();
    }
  };
  try {
    const letters = await readDeadLetters(platform.log, projection);
    await projection.prepare?.(letters.map(recordOf));
    if (command === 'list') {
      await list(view, letters, withStores, print);
      return true;
    }
    const chosen = values.all && command !== 'show' ? letters : ids.map((id) => find(letters, id));
    if (chosen.length === 0)
      throw new Error(`Add an ID of npm run dead-letters -- list${command === 'show' ? '' : ', or --all'}.`);
    if (command === 'show') print(JSON.stringify(chosen, null, 2));
    else if (command === 'discard') await withStores((stores) => discard(view, stores, chosen, print));
    else {
      const replayed = values.all ? await filterOpen(view, chosen, withStores) : chosen;
      refuseWithheld(replayed);
      await replayDeadLetters(platform, [projection.topic], replayed, showProgress(replayed.length));
      print(`${replayed.length} published to their topics again.`);
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
  const states = await withStores((stores) => readDeadLetterStates(projection, stores, letters)).catch(
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
  print(formatTable(letters.map(row)));
  if (states instanceof Error) console.error(`Their states are unknown: ${states.message}`);
};

const discard = async (view: ServiceView, stores: Stores, letters: readonly DeadLetter[], print: Print) => {
  const { discarded, withoutPlace } = await discardLetters(view, stores, letters);
  print(`${discarded} discarded.`);
  if (withoutPlace > 0) print(`${withoutPlace} have no partition and offset, so they concern no ${view.keyName}.`);
};

/** @throws Error with the remedy when a dead letter does not hold its record */
const refuseWithheld = (letters: readonly DeadLetter[]): void => {
  const withheld = findWithheld(letters);
  if (!withheld) return;
  const { detail, letter } = withheld;
  throw new Error(
    `${detail} Let the CRM publish its state again: npm run republish -- --customer ${letter.data.key || 'N'}. ` +
      'Or discard the dead letter.',
  );
};

const showProgress = (total: number) => {
  const display = createProgress(process.stderr);
  display.begin('replaying');
  let done = 0;
  return (count: number) => {
    done += count;
    display.update([{ name: 'replaying', done, total }]);
    if (done === total) display.end();
  };
};

const find = (letters: readonly DeadLetter[], id: string): DeadLetter => {
  const letter = letters.find((candidate) => candidate.id === id);
  if (!letter) throw new Error(`There is no dead letter ${id}: npm run dead-letters -- list shows them.`);
  return letter;
};
