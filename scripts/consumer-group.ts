import { parseArgs } from 'node:util';
import { reportFailure } from '../packages/cli/report-failure.ts';
import { table } from '../packages/cli/table.ts';
import { openLog } from '../packages/platform/open-adapters.ts';
import { describeGroup, resetGroup } from '../packages/projections/consumer-groups.ts';
import { consumerGroupOf, readComponents, resourcesPath } from './components.ts';
import { withLabEnvironment } from './lab/lab-environment.ts';
import { views } from './views.ts';
import { whichLogHelp, whichLogOptions } from './which-log.ts';

const followed = new Map(views.map(({ projection, service }) => [projection.topic.name, service]));

const help = `How far a consumer group has read, and how to make it read again: in Kafka, or in the file of npm start.

  npm run consumer-group -- describe
  npm run consumer-group -- reset --to earliest | latest | TIME | PARTITION:OFFSET [--dry-run]

TIME is as in 2026-11-21T09:00:00Z: each partition goes to its first record of that time or later.
In Kafka a reset is for a group without members: stop them first. Dead ones are waited for until the broker has given
them up. With npm start a reset works while it runs.

Options    --group NAME   --topic ${[...followed.keys()].join(' | ')}   --dry-run
           --kafka   --embedded   --help
Variables  KAFKA_BROKERS (localhost:9092)   DATA_DIR
           CONSUMER_GROUP; without it and --group: in Kafka the consumerGroup of the component iot-platform-pubsub, whose YAML
           is in RESOURCES_PATH (dapr-components); in the file of npm start iot-platform-consumer

What is not set is taken from the lab that runs, if one does (npm run lab).
${whichLogHelp}`;

const main = async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      group: { type: 'string' },
      topic: { type: 'string' },
      to: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      ...whichLogOptions,
    },
  });
  const [command = 'describe'] = positionals;
  if (values.help) return console.log(help);
  const { to } = values;
  if (command !== 'describe' && command !== 'reset')
    throw new Error(`There is no command ${command}: describe or reset (npm run consumer-group -- --help).`);
  const [topic, service] = findTopic(values.topic);
  const env = await withLabEnvironment(process.env, values);
  const { log, groups, isEmbedded, close } = await openLog(env, service, values);
  try {
    const group = values.group ?? consumerGroupOf(env, isEmbedded ? [] : readComponents(resourcesPath(env)));
    const of = { log, groups, group, topic };
    if (command === 'describe') return console.log(table(await describeGroup(of)));
    if (!to) throw new Error('Where to? --to earliest, latest, a time, or PARTITION:OFFSET.');
    const say = (line: string) => console.log(line);
    console.log(table(await resetGroup(of, { to, dryRun: values['dry-run'], report: say })));
    console.log(values['dry-run'] ? 'Nothing was changed.' : 'Done. The group reads on from there.');
  } finally {
    close();
  }
};

/** The topic, and the service that follows it; where none is named the only one that is followed. */
const findTopic = (name: string | undefined) => {
  const [first, ...others] = followed;
  if (!first || (name === undefined && others.length > 0))
    throw new Error(`Which topic? --topic with one of: ${[...followed.keys()].join(', ')}.`);
  return name === undefined ? first : ([name, followed.get(name) ?? first[1]] as const);
};

main().catch(reportFailure);
