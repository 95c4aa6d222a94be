import type { ServiceView } from '../views.ts';
import { variableOf } from './options.ts';

/** The help of npm run rebuild, with the options that the sources of the views add. */
export const rebuildHelp = (views: readonly ServiceView[]): string => {
  const sources = [
    ...new Map(views.flatMap(({ source }) => (source ? [[source.option, source] as const] : []))).values(),
  ];
  const names = views.map(({ projection }) => projection.name).join(', ');
  const lines = (of: (source: (typeof sources)[number]) => string) =>
    sources.map((source) => `${of(source)}\n`).join('');
  return `Builds a view again from the log, and lets the new one answer once it is right.

  npm run rebuild                                 beside the live view, which answers all the while
  npm run rebuild -- --into durable-statestore    into another state store, which is then kept up to date as well
  npm run rebuild -- --in-place                   where there is no room for two: removes, fills, answers 503 meanwhile
${lines(({ option, name }) => `  npm run rebuild -- ${`--from-${option}`.padEnd(29)}from the ${name} and what comes after it, where the log was cut off, lost or forged`)}\
  npm run rebuild -- --switch-back                the generation before answers again
  npm run rebuild -- --retire                     removes every generation but the one that answers
  npm run rebuild -- --abandon                    gives up an unfinished rebuild, and removes what it wrote

Before the switch the new view is compared with its source and with the live view. What differs is listed, nothing is
switched, and the exit code is 1. Killed at any moment, it continues where it stopped when it is run again.

Options    --view NAME           which view: ${names}
           --dry-run             shows what would be done, and whether it can be
           --full-speed          takes all it can get; without, it leaves most of the machine to who asks the live view
${lines(({ option, name, ...source }) => `           ${`--${option} URL`.padEnd(22)}the ${name} (${variableOf({ option })}, else ${source.usualUrl})\n           ${`--without-${option}`.padEnd(22)}compares with the live view alone`)}\
           --accept-differences  switches whatever the comparison says
           --dapr-http-port N    through the sidecar of the service on this port
           --embedded            the file of npm start, which may be running
           --help
Variables  DAPR_HTTP_PORT DAPR_API_TOKEN KAFKA_BROKERS PUBSUB_NAME STATESTORE_NAME DATA_DIR, as those of the service

Without --dapr-http-port, DAPR_HTTP_PORT or --embedded it takes what is there: the lab that runs, with its store and its CRM;
else the sidecar on 3908, or the file.`;
};
