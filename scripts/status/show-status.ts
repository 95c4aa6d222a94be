import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { table } from '../../packages/cli/table.ts';
import { askService, describeRefusal } from '../../packages/http/ask.ts';
import type { statusSchema } from '../../packages/platform/view-status.ts';
import type { Command } from '../command.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import { findView, type ServiceView, viewOption } from '../views.ts';

const help = (views: readonly ServiceView[]) => {
  const services = [...new Set(views.map(({ service }) => service))];
  return `How far each view is, as its service says. The exit code is 1 when one of them is not to be relied on.

  npm run status

Options    --view NAME   one of them: ${views.map(({ projection }) => projection.name).join(', ')}
           --json        what /status says; of several views an object of them, by name
           --help
Variables  ${services.map(({ urlVariable, usualUrl }) => `${urlVariable} (${usualUrl})`).join('   ')}

What is not set is taken from the lab that runs, if one does (npm run lab).`;
};

export type Status = z.input<typeof statusSchema>;

/** npm run status */
export const showStatus: Command = async (args, { views, env: ownEnv, print }) => {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false }, ...viewOption },
  });
  if (values.help) {
    print(help(views));
    return true;
  }
  const shown = values.view === undefined ? views : [findView(views, values.view)];
  const env = await withLabEnvironment(ownEnv);
  const answers = await Promise.all(
    shown.map(async (view) => ({ view, name: view.projection.name, status: await askStatus(view, env) })),
  );
  const isWell = answers.every(({ status: { view } }) => 'generation' in view && !view.warning);
  if (values.json) {
    const [only, ...others] = answers;
    const all = Object.fromEntries(answers.map(({ name, status }) => [name, status]));
    print(JSON.stringify(only && others.length === 0 ? only.status : all, null, 2));
    return isWell;
  }
  print(table(answers.map(({ view, name, status }) => asRow(view.service.name, name, status))));
  const partitions = answers.flatMap(({ name, status }) => partitionRows(name, status));
  if (partitions.length > 0) print(`\n${table(partitions)}`);
  for (const { name, status } of answers) for (const note of notesOn(status)) print(`\n${name}: ${note}`);
  return isWell;
};

const askStatus = async ({ service, projection }: ServiceView, env: NodeJS.ProcessEnv): Promise<Status> => {
  const { name, urlVariable, usualUrl } = service;
  const url = env[urlVariable] || usualUrl;
  const asked = { name, url, remedy: `start it, or set ${urlVariable}.` };
  const answer = await askService(asked, `/status?view=${encodeURIComponent(projection.name)}`);
  if (!answer.ok) throw new Error(`The ${name} at ${url} says: ${describeRefusal(answer)}`);
  if (!('view' in answer.body)) throw new Error(`What answers at ${url} is no ${name}: set ${urlVariable}.`);
  return answer.body as Status;
};

export const asRow = (service: string, name: string, { store, view, lag, freshnessSeconds }: Status) => ({
  service,
  view: name,
  state: view.state,
  ...('generation' in view
    ? { generation: `${view.generation.number} in ${view.generation.store ?? store}` }
    : { generation: '' }),
  lag: lag ?? 'unknown',
  freshness: freshnessSeconds === undefined ? 'unknown' : `${Math.round(freshnessSeconds)} s`,
  'dead letters': 'generation' in view ? (view.deadLetters ?? 0) : '',
});

/** `missing` counts offsets. */
export const partitionRows = (name: string, { view }: Status) =>
  'generation' in view
    ? Object.entries(view.partitions).map(([partition, { applied, missing, lost }]) => ({
        view: name,
        partition,
        applied,
        missing: missing.reduce((sum, [first, last]) => sum + last - first + 1, 0),
        lost: lost ?? '',
      }))
    : [];

const notesOn = ({ view }: Status): string[] => {
  if (!('generation' in view)) return [view.reason];
  const { warning, rebuild } = view;
  return [
    ...(warning ? [warning] : []),
    ...(rebuild ? [`a rebuild into generation ${rebuild.into.number} is ${rebuild.phase}.`] : []),
  ];
};
