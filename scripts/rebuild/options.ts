import { parseArgs } from 'node:util';
import { RebuildRefused } from '../../packages/projections/rebuild/index.ts';
import { readSidecarPort } from '../open-ports.ts';

export const help = `Builds the mandates view again from the log, and lets the new one answer once it is right.

  npm run rebuild                                 beside the live view, which answers all the while
  npm run rebuild -- --into durable-statestore    into another state store, which is then kept up to date as well
  npm run rebuild -- --in-place                   where there is no room for two: removes, fills, answers 503 meanwhile
  npm run rebuild -- --from-crm                   from the CRM and what comes after it, where the log was cut off, lost or forged
  npm run rebuild -- --switch-back                the generation before answers again
  npm run rebuild -- --retire                     removes every generation but the one that answers
  npm run rebuild -- --abandon                    gives up an unfinished rebuild, and removes what it wrote

Before the switch the new view is compared with the CRM and with the live view. What differs is listed, nothing is
switched, and the exit code is 1. Killed at any moment, it goes on where it was when it is run again.

Options    --dry-run             shows what would be done, and whether it can be
           --full-speed          takes all it can get; without, it leaves most of the machine to who asks the live view
           --crm URL             the CRM (CRM_URL, else http://localhost:3005)
           --without-crm         compares with the live view alone
           --accept-differences  switches whatever the comparison says
           --dapr-http-port N    through the sidecar of the IoT platform on this port
           --embedded            the file of npm start, which may be running
           --help
Variables  DAPR_HTTP_PORT DAPR_API_TOKEN KAFKA_BROKERS PUBSUB_NAME STATESTORE_NAME DATA_DIR, as those of the IoT platform

Without --dapr-http-port, DAPR_HTTP_PORT or --embedded it takes what is there: the lab that runs, with its store and its CRM;
else the sidecar on 3908, or the file.`;

/** Where the CRM is unless something else is said. */
export const usualCrm = 'http://localhost:3005';

const flags = ['in-place', 'switch-back', 'retire', 'abandon'] as const;
type Action = 'rebuild' | 'switch-back' | 'retire' | 'abandon';

export type RebuildCommand = {
  help: boolean;
  action: Action;
  inPlace: boolean;
  into: string | undefined;
  dryRun: boolean;
  fullSpeed: boolean;
  /** Begins with the mandates of the CRM, not at the beginning of the log. */
  fromCrm: boolean;
  /** Undefined: without. */
  crm: string | undefined;
  acceptDifferences: boolean;
  daprHttpPort: number | undefined;
  embedded: boolean;
};

/** `crm` is where the CRM is unless an option says otherwise. @throws RebuildRefused when the options contradict each other */
export const readCommand = (args: string[], crm = usualCrm): RebuildCommand => {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...({ beside: flag, 'in-place': flag, 'switch-back': flag, retire: flag, abandon: flag } as const),
      ...({
        'dry-run': flag,
        'full-speed': flag,
        'from-crm': flag,
        'without-crm': flag,
        'accept-differences': flag,
        embedded: flag,
        help: flag,
      } as const),
      into: { type: 'string' },
      crm: { type: 'string', default: crm },
      'dapr-http-port': { type: 'string' },
    },
  });
  const chosen = [...flags.filter((name) => values[name]), ...(values.beside ? ['beside'] : [])];
  if (chosen.length > 1) throw new RebuildRefused(`One at a time: --${chosen.join(' or --')}.`);
  const settled = chosen.filter((name) => name === 'switch-back' || name === 'retire' || name === 'abandon');
  if (values['dry-run'] && settled.length > 0)
    throw new RebuildRefused(`--dry-run shows what a rebuild would do; --${settled[0]} has nothing to show.`);
  if (values.into !== undefined && !/^[A-Za-z0-9._-]{1,64}$/.test(values.into))
    throw new RebuildRefused(`--into ${values.into || "''"} is no name of a state store, as durable-statestore is.`);
  if (values.into !== undefined && chosen.some((name) => name !== 'beside'))
    throw new RebuildRefused(`--into is beside the live view: without --${chosen[0]}.`);
  if (values['from-crm'] && settled.length > 0)
    throw new RebuildRefused(`--from-crm is a rebuild; --${settled[0]} is none.`);
  if (values['from-crm'] && values['without-crm'])
    throw new RebuildRefused('--from-crm needs the CRM: without --without-crm.');
  const daprHttpPort = readSidecarPort(values['dapr-http-port']);
  if (daprHttpPort !== undefined && values.embedded) throw new RebuildRefused('Either --dapr-http-port or --embedded.');
  if (!URL.canParse(values.crm))
    throw new RebuildRefused(`--crm ${values.crm} is no URL, as http://localhost:3005 is.`);
  const [action = 'rebuild'] = chosen.filter((name): name is Action => name !== 'in-place' && name !== 'beside');
  return {
    help: values.help,
    action,
    inPlace: values['in-place'],
    into: values.into,
    dryRun: values['dry-run'],
    fullSpeed: values['full-speed'],
    fromCrm: values['from-crm'],
    crm: values['without-crm'] ? undefined : values.crm,
    acceptDifferences: values['accept-differences'],
    daprHttpPort,
    embedded: values.embedded,
  };
};
