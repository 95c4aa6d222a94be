import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { formatTable } from '../packages/cli/table.ts';

const help = `Kills and pauses the parts of the platform at random, on a stack of its own, while customers change, and looks after every
round whether each view equals the CRM, no answered change is lost, no view ever went back, and nothing was set aside.

  npm run torture -- --minutes 10 [--seed 42]

CRM, IoT platform, both sidecars, Kafka, Redis and MariaDB are killed (-9), or paused for longer than the consumer group
waits; instances of the IoT platform come and go. The same seed plans the same disturbances. The first wrong view ends
it, with exit code 1.

Options    --minutes 5   --seed N (by chance)   --round 40 (seconds)   --disturbances 4 (a round)   --help
Variables  TEST_PORTS (24000): the first of a thousand ports to use`;

const main = async () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(randomInt(1_000_000)) },
      round: { type: 'string', default: '40' },
      disturbances: { type: 'string', default: '4' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const minutes = positive('--minutes', values.minutes);
  const seed = positive('--seed', values.seed);
  // Read when the stack is first imported.
  process.env.TEST_PORTS ||= '24000';
  const { torture } = await import('./chaos/run-chaos.ts');
  const { stopPart, partNames } = await import('./stack/stack.ts');
  const began = performance.now();
  const passed = () => (performance.now() - began) / 60_000;
  const say = (line: string) => console.log(`${passed().toFixed(1).padStart(6)} min  ${line}`);
  const stopStack = () => Promise.all(partNames.map((name) => stopPart(name)));
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stopStack().finally(() => process.exit(130)));

  console.log(`seed ${seed}: npm run torture -- --minutes ${minutes} --seed ${seed}`);
  const options = {
    seed,
    roundMs: positive('--round', values.round) * 1000,
    disturbances: positive('--disturbances', values.disturbances),
    goOn: () => passed() < minutes,
    say,
  };
  const runTorture = async () => {
    try {
      return await torture(options);
    } finally {
      await stopStack();
    }
  };
  const { rounds, changes, samples, happened, wrong } = await runTorture();
  console.log(
    formatTable([...happened].sort().map(([what, times]) => ({ 'what happened': what, times: String(times) }))),
  );
  console.log(`${rounds} rounds, ${changes} changes answered, ${samples} answers of views looked at, seed ${seed}`);
  if (wrong.length === 0) return console.log('Every view is right.');
  console.error(`WRONG, with seed ${seed}:\n${wrong.map((line) => `  ${line}`).join('\n')}`);
  process.exitCode = 1;
};

const positive = (name: string, text: string): number => {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${name} ${text} is not a number greater than 0.`);
  return number;
};

main()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  })
  .finally(() => process.exit());
