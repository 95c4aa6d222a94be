import type { z } from 'zod';
import { parseOptions } from '../../packages/cli/options.ts';
import { formatTable } from '../../packages/cli/table.ts';
import { callService, describeRefusal } from '../../packages/http/call-service.ts';
import { locateService } from '../../packages/platform/locate-service.ts';
import type { statusSchema } from '../../packages/platform/view-status.ts';
import type { Command } from '../command.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import { findView, type ServiceView, viewOption } from '../views.ts';

const help = (views: readonly ServiceView[]) => {
  const services = [...new Set(views.map(({ service }) => service))];
  return `Usage: npm run status -- [--view NAME] [--json]
Shows state, generation, lag, freshness and dead letters of each view, as its service reports them.

Options
  --view NAME       one view: ${views.map(({ projection }) => projection.name).join(', ')} (default: all views)
  --json            prints the answer of /status as JSON; for several views an object by view name
  --help            shows this text

Environment (npm run lab, while it runs, supplies what is not set)
${services.map(({ name, address }) => `  ${address.urlVariable.padEnd(17)}  the ${name} (default: the one that runs on DATA_DIR, else http://localhost:${address.defaultPort})`).join('\n')}
  DATA_DIR           folder in which running services are recorded (default: .data)

Examples
  npm run status
  npm run status -- --json

Exit codes
  0  every view is complete
  1  a view is empty, incomplete or unknown, or a service does not answer`;
};

export type Status = z.input<typeof statusSchema>;

/** npm run status */
export const showStatus: Command = async (args, { views, env: ownEnv, print }) => {
  const { values } = parseOptions('npm run status', {
    args,
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false }, ...viewOption },
  });
  if (values.help) {
    print(help(views));
    return true;
  }
  const shown = values.view === undefined ? views : [findView(views, values.view)];
  // The addresses of all services are the same for each of them.
  const env = await withLabEnvironment(ownEnv, 'iot-platform');
  const outcomes = await Promise.all(
    shown.map(async (view) => ({ view, outcome: await fetchStatus(view, env).catch((error: Error) => error) })),
  );
  const answers = outcomes.flatMap(({ view, outcome }) =>
    outcome instanceof Error ? [] : [{ view, name: view.projection.name, status: outcome }],
  );
  const failures = outcomes.flatMap(({ outcome }) => (outcome instanceof Error ? [outcome] : []));
  const [failure] = failures;
  if (failure && (values.json || answers.length === 0)) throw failure;
  const isReliable = !failure && answers.every(({ status: { view } }) => 'generation' in view && !view.warning);
  if (values.json) {
    const [only, ...others] = answers;
    const all = Object.fromEntries(answers.map(({ name, status }) => [name, status]));
    print(JSON.stringify(only && others.length === 0 ? only.status : all, null, 2));
    return isReliable;
  }
  print(formatTable(answers.map(({ view, name, status }) => asRow(view.service.name, name, status))));
  const partitions = answers.flatMap(({ name, status }) => partitionRows(name, status));
  if (partitions.length > 0) print(`\n${formatTable(partitions)}`);
  for (const { name, status } of answers) for (const note of describeWarnings(status)) print(`\n${name}: ${note}`);
  for (const message of new Set(failures.map((error) => error.message))) print(`\n${message}`);
  return isReliable;
};

const fetchStatus = async ({ service, projection }: ServiceView, env: NodeJS.ProcessEnv): Promise<Status> => {
  const calledService = locateService(service.address, env);
  const { name, url } = calledService;
  const answer = await callService(calledService, `/status?view=${encodeURIComponent(projection.name)}`);
  if (!answer.ok) throw new Error(`The ${name} at ${url} answers: ${describeRefusal(answer)}`);
  if (!('view' in answer.body))
    throw new Error(`The server at ${url} is not the ${name}: set ${service.address.urlVariable} to its address.`);
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

/** `missing` is the number of missing offsets. */
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

const describeWarnings = ({ view }: Status): string[] => {
  if (!('generation' in view)) return [view.reason];
  const { warning, rebuild } = view;
  return [
    ...(warning ? [warning] : []),
    ...(rebuild ? [`a rebuild into generation ${rebuild.into.number} is ${rebuild.phase}.`] : []),
  ];
};
