import { parseArgs } from 'node:util';
import { topics } from '../contracts/topics.ts';
import { kafkaBrokers, withAdmin } from '../lib/kafka/client.ts';
import { describeGroup } from './consumer-group/describe-group.ts';
import { resetGroup } from './consumer-group/reset-group.ts';
import { table } from './table.ts';

const help = `Where a consumer group of Kafka stands, and how to make it read again.

  npm run consumer-group -- describe
  npm run consumer-group -- reset --to earliest | latest | TIME | PARTITION:OFFSET [--dry-run]

TIME is as in 2026-11-21T09:00:00Z: each partition goes to its first record of that time or later.
A reset is for a group at rest: stop its members first. Dead ones are waited for until the broker has given them up.

Options    --group iot-platform-consumer   --topic ${topics.connectionMandates.name}   --dry-run   --help
Variables  KAFKA_BROKERS (localhost:9092)`;

const main = async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      group: { type: 'string', default: 'iot-platform-consumer' },
      topic: { type: 'string', default: topics.connectionMandates.name },
      to: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [command = 'describe'] = positionals;
  if (values.help) return console.log(help);
  const { group, topic, to } = values;
  const brokers = kafkaBrokers(process.env);
  if (command === 'describe')
    return withAdmin(brokers, async (admin) => console.log(table(await describeGroup(admin, group, topic))));
  if (command !== 'reset')
    throw new Error(`There is no command ${command}: say describe or reset (--help tells more).`);
  if (!to) throw new Error('Where to? --to earliest, latest, a time, or PARTITION:OFFSET.');
  await withAdmin(brokers, async (admin) => {
    const say = (line: string) => console.log(line);
    console.log(table(await resetGroup(admin, { group, topic, to, dryRun: values['dry-run'], say })));
    console.log(values['dry-run'] ? 'Nothing was changed.' : 'Done. Start the service: it goes on from there.');
  });
};

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
