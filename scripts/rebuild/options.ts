import { parseArgs } from 'node:util';
import { readSidecarPort } from '../../packages/platform/open-adapters.ts';
import type { ViewSource } from '../../packages/platform/views.ts';
import { RebuildRefused } from '../../packages/projections/rebuild/index.ts';

const actions = ['switch-back', 'retire', 'abandon'] as const;

export type RebuildCommand = {
  /** As it was given. */
  view: string | undefined;
  action: 'rebuild' | (typeof actions)[number];
  inPlace: boolean;
  into: string | undefined;
  dryRun: boolean;
  fullSpeed: boolean;
  /** Begins with the data of the source, not at the beginning of the log. */
  fromSource: boolean;
  /** Undefined: without, or there is none. */
  sourceUrl: string | undefined;
  acceptDifferences: boolean;
  daprHttpPort: number | undefined;
  embedded: boolean;
};

const flag = { type: 'boolean', default: false } as const;
const text = { type: 'string' } as const;
const options = {
  ...({ beside: flag, 'in-place': flag, 'switch-back': flag, retire: flag, abandon: flag } as const),
  ...({ 'dry-run': flag, 'full-speed': flag, 'accept-differences': flag, embedded: flag, help: flag } as const),
  ...({ into: text, 'dapr-http-port': text, view: text } as const),
};

/** Read before the others, for the view decides which options there are. */
export const nameOfView = (args: string[]): string | undefined => {
  const { view } = parseArgs({ args, options, strict: false, allowPositionals: true }).values;
  return typeof view === 'string' ? view : undefined;
};

type Source = Pick<ViewSource<unknown>, 'option' | 'name' | 'usualUrl'>;
type Env = Readonly<Record<string, string | undefined>>;

/** @throws RebuildRefused when the options contradict each other */
export const readCommand = (args: string[], source: Source | undefined, env: Env = {}): RebuildCommand => {
  const ofSource = source && {
    from: `from-${source.option}`,
    without: `without-${source.option}`,
    url: source.option,
  };
  const sourceOptions = ofSource && { [ofSource.from]: flag, [ofSource.without]: flag, [ofSource.url]: text };
  const parsed = parseArgs({ args, options: { ...options, ...sourceOptions } });
  const values = parsed.values as { [name in keyof typeof options]?: never } & Record<string, unknown>;
  const isSet = (name: string | undefined) => name !== undefined && values[name] === true;
  const value = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  const into = value('into');
  const chosen = ['in-place', ...actions, 'beside'].filter(isSet);
  if (chosen.length > 1) throw new RebuildRefused(`One at a time: --${chosen.join(' or --')}.`);
  const action = actions.find(isSet);
  if (isSet('dry-run') && action)
    throw new RebuildRefused(`--dry-run shows what a rebuild would do; --${action} has nothing to show.`);
  if (into !== undefined && !/^[A-Za-z0-9._-]{1,64}$/.test(into))
    throw new RebuildRefused(`--into ${into || "''"} is no name of a state store, as durable-statestore is.`);
  if (into !== undefined && chosen.some((name) => name !== 'beside'))
    throw new RebuildRefused(`--into is beside the live view: without --${chosen[0]}.`);
  if (isSet(ofSource?.from) && action)
    throw new RebuildRefused(`--${ofSource?.from} is a rebuild; --${action} is none.`);
  if (isSet(ofSource?.from) && isSet(ofSource?.without))
    throw new RebuildRefused(`--${ofSource?.from} needs the ${source?.name}: without --${ofSource?.without}.`);
  const daprHttpPort = readSidecarPort(value('dapr-http-port'));
  if (daprHttpPort !== undefined && isSet('embedded'))
    throw new RebuildRefused('Either --dapr-http-port or --embedded.');
  return {
    view: value('view'),
    action: action ?? 'rebuild',
    inPlace: isSet('in-place'),
    into,
    dryRun: isSet('dry-run'),
    fullSpeed: isSet('full-speed'),
    fromSource: isSet(ofSource?.from),
    sourceUrl: source && !isSet(ofSource?.without) ? sourceUrl(source, value(source.option), env) : undefined,
    acceptDifferences: isSet('accept-differences'),
    daprHttpPort,
    embedded: isSet('embedded'),
  };
};

/** The variable that says where the source is, as in CRM_URL. */
export const variableOf = ({ option }: Pick<Source, 'option'>) => `${option.toUpperCase().replaceAll('-', '_')}_URL`;

const sourceUrl = (source: Source, given: string | undefined, env: Env): string => {
  const url = given ?? (env[variableOf(source)] || source.usualUrl);
  if (!URL.canParse(url)) throw new RebuildRefused(`--${source.option} ${url} is no URL, as ${source.usualUrl} is.`);
  return url;
};
