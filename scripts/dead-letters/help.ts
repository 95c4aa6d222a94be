import { listNames, type ServiceView } from '../views.ts';
import { whichLogHelp } from '../which-log.ts';

/** The help of npm run dead-letters. */
export const help = (
  views: readonly ServiceView[],
) => `Usage: npm run dead-letters -- [list | show ID ... | replay ID ... | discard ID ...] [OPTIONS]
Lists, shows, replays or discards the dead letters of a view: records that it could not parse.

The document of a dead letter answers 503 until a newer record of its key was applied, or the dead letter is replayed or discarded.
A replayed record keeps the order of the original, so newer changes stay. A record that still cannot be parsed becomes a dead letter
with the same ID. A dead letter of a topic with personal data does not hold its record, so it cannot be replayed. Before you discard
one, compare with the source: npm run explain -- KEY
${whichLogHelp}

Commands
  list                shows all dead letters and their states (the default)
  show ID ...         prints dead letters as JSON
  replay ID ...       publishes the records to their topic again, for a version that can parse them
  discard ID ...      lets the documents answer again with what the view has

Options
  --all               replay: all open dead letters, or all if the view does not answer; discard: all
  --view NAME         the view: ${listNames(views)}
  --kafka             the log is in Kafka
  --embedded          the log is in the file of npm start
  --dapr-http-port N  port of the service's sidecar, to read the view (default: 3908; customer-view: 3920)
  --help              shows this text

Environment (npm run lab, while it runs, supplies what is not set)
  KAFKA_BROKERS       brokers of Kafka (default: localhost:9092)
  DAPR_HTTP_PORT, DAPR_GRPC_PORT, DAPR_API_TOKEN, PUBSUB_NAME, STATESTORE_NAME, DATA_DIR
                      as for the service (see .env.example)

Examples
  npm run dead-letters -- list
  npm run dead-letters -- replay --all

Exit codes
  0  the command is done
  1  the command failed; the message says what to do`;
