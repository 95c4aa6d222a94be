import { parseArgs } from 'node:util';
import { parseOptions } from '../../packages/cli/options.ts';
import { type LocatedService, locateService } from '../../packages/platform/locate-service.ts';
import type { RebuildRequest } from '../../packages/platform/maintenance/index.ts';
import { readSidecarPort } from '../../packages/platform/open-adapters.ts';
import type { ViewSource } from '../../packages/platform/views.ts';
import { RebuildRefused } from '../../packages/projections/rebuild/index.ts';

const actions = ['switch-back', 'retire', 'abandon'] as const;

export type RebuildCommand = RebuildRequest & {
  action: 'rebuild' | (typeof actions)[number];
  dryRun: boolean;
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

/** Reads --view before the other options, because the source of the view adds options. */
export const readViewName = (args: string[]): string | undefined => {
  const { view } = parseArgs({ args, options, strict: false, allowPositionals: true }).values;
  return typeof view === 'string' ? view : undefined;
};

type Source = Pick<ViewSource<unknown>, 'option' | 'name' | 'address'>;
type Env = Readonly<Record<string, string | undefined>>;

/**
 * @param env where the source is looked for; without it, the source is not located
 * @throws RebuildRefused when the options contradict each other
 */
export const readCommand = (args: string[], source: Source | undefined, env?: Env): RebuildCommand => {
  const sourceFlags = source && {
    from: `from-${source.option}`,
    without: `without-${source.option}`,
    url: source.option,
  };
  const sourceOptions = sourceFlags && {
    [sourceFlags.from]: flag,
    [sourceFlags.without]: flag,
    [sourceFlags.url]: text,
  };
  const parsed = parseOptions('npm run rebuild', { args, options: { ...options, ...sourceOptions } });
  const values = parsed.values as { [name in keyof typeof options]?: never } & Record<string, unknown>;
  const isSet = (name: string | undefined) => name !== undefined && values[name] === true;
  const value = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  const into = value('into');
  const chosen = ['in-place', ...actions, 'beside'].filter(isSet);
  if (chosen.length > 1) throw new RebuildRefused(`These options exclude each other: --${chosen.join(', --')}.`);
  const action = actions.find(isSet);
  if (isSet('dry-run') && action)
    throw new RebuildRefused(`--dry-run shows the plan of a rebuild and cannot be combined with --${action}.`);
  if (into !== undefined && !/^[A-Za-z0-9._-]{1,64}$/.test(into))
    throw new RebuildRefused(`--into ${into || "''"} is not the name of a state store such as durable-statestore.`);
  if (into !== undefined && chosen.some((name) => name !== 'beside'))
    throw new RebuildRefused(`--into cannot be combined with --${chosen[0]}.`);
  if (isSet(sourceFlags?.from) && action)
    throw new RebuildRefused(`--${sourceFlags?.from} cannot be combined with --${action}.`);
  if (isSet(sourceFlags?.from) && isSet(sourceFlags?.without))
    throw new RebuildRefused(
      `--${sourceFlags?.from} needs the ${source?.name} and cannot be combined with --${sourceFlags?.without}.`,
    );
  const daprHttpPort = readSidecarPort(value('dapr-http-port'));
  if (daprHttpPort !== undefined && isSet('embedded'))
    throw new RebuildRefused('--dapr-http-port cannot be combined with --embedded.');
  const isSourceUsed = source && env && !isSet(sourceFlags?.without);
  const located = isSourceUsed ? locateSource(source, value(source.option), env) : undefined;
  return {
    view: value('view'),
    action: action ?? 'rebuild',
    inPlace: isSet('in-place'),
    into,
    dryRun: isSet('dry-run'),
    fullSpeed: isSet('full-speed'),
    fromSource: isSet(sourceFlags?.from),
    sourceUrl: located?.url,
    sourceAddress: located?.source,
    acceptDifferences: isSet('accept-differences'),
    daprHttpPort,
    embedded: isSet('embedded'),
  };
};

const locateSource = ({ option, address }: Source, given: string | undefined, env: Env): LocatedService => {
  try {
    return locateService(address, env, { name: `--${option}`, value: given });
  } catch (error) {
    throw new RebuildRefused((error as Error).message);
  }
};
