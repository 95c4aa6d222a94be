import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { topics } from '../contracts/topics.ts';
import { kafkaBrokers } from '../lib/kafka/client.ts';
import { kafkaLogReader } from '../lib/kafka/log-reader.ts';
import { type DeadLetter, readDeadLetters } from './dead-letters/read-dead-letters.ts';
import { replayDeadLetters } from './dead-letters/replay-dead-letters.ts';
import { table } from './table.ts';

const help = `The records that a subscriber could not apply and set aside, in ${topics.connectionMandatesDeadLetters.name}.

  npm run dead-letters -- list
  npm run dead-letters -- show ID
  npm run dead-letters -- replay ID ... | --all

A replay writes the record to its topic again, with its key, partition and time of old: what has changed since stays.
One that still cannot be applied is set aside again.

Options    --all   --help
Variables  KAFKA_BROKERS (localhost:9092)`;

const main = async () => {
  const options = { all: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const [command = 'list', ...ids] = positionals;
  if (values.help) return console.log(help);
  if (!['list', 'show', 'replay'].includes(command))
    throw new Error(`There is no command ${command}: say list, show or replay (--help tells more).`);
  const brokers = kafkaBrokers(process.env);
  const letters = await readDeadLetters(
    kafkaLogReader(brokers, { newId: randomUUID }),
    topics.connectionMandatesDeadLetters.name,
  );
  if (command === 'list')
    return console.log(letters.length > 0 ? table(letters.map(row)) : 'There are no dead letters.');
  const chosen = values.all && command === 'replay' ? letters : ids.map((id) => find(letters, id));
  if (chosen.length === 0) throw new Error(`Which? Give an id of the list${command === 'replay' ? ', or --all' : ''}.`);
  if (command === 'show') return console.log(JSON.stringify(chosen, null, 2));
  await replayDeadLetters(brokers, chosen);
  console.log(`${chosen.length} written to their topics again.`);
};

const row = ({ id, time, data }: DeadLetter) => ({ id, time, key: data.key, reason: data.reason });

const find = (letters: readonly DeadLetter[], id: string): DeadLetter => {
  const letter = letters.find((candidate) => candidate.id === id);
  if (!letter) throw new Error(`There is no dead letter ${id}: npm run dead-letters -- list shows them.`);
  return letter;
};

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
