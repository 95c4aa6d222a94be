import { listNames, type ServiceView } from '../views.ts';

/** The help of npm run rebuild, with the options that the sources of the views add. */
export const formatRebuildHelp = (views: readonly ServiceView[]): string => {
  const sources = [
    ...new Map(views.flatMap(({ source }) => (source ? [[source.option, source] as const] : []))).values(),
  ];
  const lines = (of: (source: (typeof sources)[number]) => string) =>
    sources.map((source) => `${of(source)}\n`).join('');
  const option = (name: string, text: string) => `  ${name.padEnd(21)} ${text}`;
  return `Usage: npm run rebuild -- [OPTIONS]
Fills a new generation of a view from the log, compares it with the source and the live view, and switches to it.

The live view answers until the switch. Where the comparison finds a difference, the command lists it, does not switch, and ends
with exit code 1. A rebuild that was killed continues where it stopped when the command is run again.
Without --dapr-http-port, DAPR_HTTP_PORT and --embedded the command uses what runs: npm run lab with its store and its CRM, else
the sidecar on port 3908 (customer-view: 3920), else the file of npm start.

Options
  --beside              fills the new generation while the live one answers (the default)
  --into STORE          fills it in another state store, which is then kept up to date as well
  --in-place            removes the active generation first, where there is no room for two; the view answers 503 meanwhile
${lines((source) => option(`--from-${source.option}`, `starts with the data of the ${source.name}, where the log is truncated, lost or forged`))}\
  --switch-back         lets the previous generation answer again
  --retire              removes all generations but the one that answers
  --abandon             gives up an unfinished rebuild that is not in place, and removes what it wrote
  --view NAME           the view: ${listNames(views)}
  --dry-run             shows the plan, and changes nothing
  --full-speed          does not throttle; by default a rebuild leaves most of the machine to the live view
${lines((source) => `${option(`--${source.option} URL`, `the ${source.name} (default: ${source.address.urlVariable}, else the running one)`)}\n${option(`--without-${source.option}`, 'compares with the live view only')}`)}\
  --accept-differences  switches although the comparison found differences
  --dapr-http-port N    port of the service's sidecar
  --embedded            the file of npm start, which may be running
  --help                shows this text

Environment (npm run lab, while it runs, supplies what is not set)
${lines(({ name, address }) => option(address.urlVariable, `the ${name} (default: the one that runs on DATA_DIR, else http://localhost:${address.defaultPort})`))}\
  DAPR_HTTP_PORT, DAPR_GRPC_PORT, DAPR_API_TOKEN, KAFKA_BROKERS, PUBSUB_NAME, STATESTORE_NAME, DATA_DIR
                        as for the service (see .env.example)

Examples
  npm run rebuild -- --dry-run
  npm run rebuild -- --into durable-statestore
  npm run rebuild -- --retire

Exit codes
  0  the new generation answers, or the other action is done
  1  nothing was switched; the message says what to do`;
};
