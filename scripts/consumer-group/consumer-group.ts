import { parseOptions } from '../../packages/cli/options.ts';
import { formatTable } from '../../packages/cli/table.ts';
import { openLog } from '../../packages/platform/open-adapters.ts';
import { describeGroup, resetGroup } from '../../packages/projections/consumer-groups.ts';
import type { Command } from '../command.ts';
import { consumerGroupOf, readComponents, readResourcesPath } from '../components.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import { findView, views } from '../views.ts';
import { whichLogHelp, whichLogOptions } from '../which-log.ts';

const serviceOfTopic = new Map(views.map(({ projection, service }) => [projection.topic.name, service]));
const topicNames = [...serviceOfTopic.keys()];

const help = `Usage: npm run consumer-group -- [describe | reset --to TARGET] [OPTIONS]
Shows the committed offsets and the lag of a consumer group, or resets its offsets, in Kafka or in the file of npm start.

Stop all members of the group before a reset in Kafka; the command waits until the broker has removed members that were killed.
In the file of npm start a reset works while npm start runs.
${whichLogHelp}

Commands
  describe         shows committed offset, end offset and lag of each partition (the default)
  reset            sets the committed offsets of the group

Options
  --to TARGET      earliest, latest, a time (as 2026-11-21T09:00:00Z, the first record of that time or later), or PARTITION:OFFSET
  --dry-run        shows what a reset would change, and changes nothing
  --group NAME     the consumer group (default: CONSUMER_GROUP)
  --topic NAME     the topic (default: ${topicNames[0]}):
                   ${topicNames.join(', ')}
  --kafka          the log is in Kafka
  --embedded       the log is in the file of npm start
  --help           shows this text

Environment (npm run lab, while it runs, supplies what is not set)
  KAFKA_BROKERS    brokers of Kafka (default: localhost:9092)
  DATA_DIR         folder of the file of npm start (default: .data)
  CONSUMER_GROUP   the consumer group (default: in Kafka consumerGroup of the component SERVICE-pubsub, else SERVICE-consumer, where
                   SERVICE is iot-platform or customer-view, which consumes the topic)
  RESOURCES_PATH   folder of the Dapr components (default: dapr-components)

Examples
  npm run consumer-group -- describe
  npm run consumer-group -- describe --topic greetings-topic
  npm run consumer-group -- reset --to earliest --dry-run

Exit codes
  0  the command is done
  1  the command failed; the message says what to do`;

/** npm run consumer-group */
export const consumerGroup: Command = async (args, { env: ownEnv, print }) => {
  const { values, positionals } = parseOptions('npm run consumer-group', {
    args,
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
  if (values.help) {
    print(help);
    return true;
  }
  const { to } = values;
  if (command !== 'describe' && command !== 'reset')
    throw new Error(
      `There is no command ${command}. The commands are describe and reset (npm run consumer-group -- --help).`,
    );
  const [topic, service] = findTopic(values.topic);
  const env = await withLabEnvironment(ownEnv, service.appId, values);
  const { log, groups, isEmbedded, close } = await openLog(env, service, values);
  try {
    const components = isEmbedded ? [] : readComponents(readResourcesPath(env));
    const group = values.group ?? consumerGroupOf(service.appId, env, components);
    const groupOfTopic = { log, groups, group, topic };
    if (command === 'describe') {
      print(formatTable(await describeGroup(groupOfTopic)));
      return true;
    }
    if (!to) throw new Error('Add where to reset to: --to earliest, latest, a time, or PARTITION:OFFSET.');
    print(formatTable(await resetGroup(groupOfTopic, { to, dryRun: values['dry-run'], report: print })));
    print(values['dry-run'] ? 'Nothing was changed.' : 'Done. The group continues from these offsets.');
    return true;
  } finally {
    close();
  }
};

/** The topic and the service that consumes it. Without a name it is the topic of the default view. */
const findTopic = (name: string = findView(views, undefined).projection.topic.name) => {
  const service = serviceOfTopic.get(name);
  if (!service) throw new Error(`There is no topic ${name} with a view. The topics are ${topicNames.join(', ')}.`);
  return [name, service] as const;
};
