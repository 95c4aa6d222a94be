import { randomInt } from 'node:crypto';
import { parseOptions } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';

const help = `Usage: npm run torture -- [OPTIONS]
Runs a chaos test: kills and pauses the parts of the platform at random while customers and orders change, on a stack of its own.

After each round it checks that every view equals the CRM, that no answered change is lost, that no view went back to an older
revision, that no record was dead-lettered, and that no name of an erased customer is left. CRM, IoT platform, customer-view, their
sidecars, Kafka, Redis and MariaDB are killed with SIGKILL or paused for longer than the session timeout of the consumer group;
instances of the IoT platform and the customer-view join and leave. The first round that fails ends the test.

Options
  --minutes N        starts no round after so many minutes (default: 5)
  --seed N           plans the same disturbances for the same seed (default: random)
  --round N          seconds of disturbances in a round (default: 40)
  --disturbances N   number of disturbances in a round (default: 4)
  --help             shows this text

Environment
  TEST_PORTS         first of a thousand ports to use (default: 24000)

Examples
  npm run torture -- --minutes 10
  npm run torture -- --minutes 10 --seed 42

Exit codes
  0  every view is right
  1  a check failed; the output lists what is wrong, and the seed`;

const main = async () => {
  const { values } = parseOptions('npm run torture', {
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
      round: { type: 'string', default: '40' },
      disturbances: { type: 'string', default: '4' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const minutes = readPositive('--minutes', values.minutes);
  const seed = readPositive('--seed', values.seed);
  // The stack's modules read TEST_PORTS when they are imported.
  process.env.TEST_PORTS ||= '24000';
  const { runChaos } = await import('./chaos/run-chaos.ts');
  const { stopPart, partNames } = await import('./stack/stack.ts');
  const began = performance.now();
  const elapsedMinutes = () => (performance.now() - began) / 60_000;
  const report = (line: string) => console.log(`${elapsedMinutes().toFixed(1).padStart(6)} min  ${line}`);
  const stopStack = () => Promise.all(partNames.map((name) => stopPart(name)));
  let isInterrupted = false;
  // Terminal and npm both pass Ctrl-C on, so a second signal must not end the process before the stack has stopped.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (!isInterrupted) void stopStack().finally(() => process.exit(130));
      isInterrupted = true;
    });

  console.log(`seed ${seed}: npm run torture -- --minutes ${minutes} --seed ${seed}`);
  const options = {
    seed,
    roundMs: readPositive('--round', values.round) * 1000,
    disturbances: readPositive('--disturbances', values.disturbances),
    shouldContinue: () => elapsedMinutes() < minutes,
    report,
  };
  const runRounds = async () => {
    try {
      return await runChaos(options);
    } finally {
      await stopStack();
    }
  };
  const { rounds, changes, samples, executed, wrong } = await runRounds();
  console.log(formatTable([...executed].sort().map(([disturbance, times]) => ({ disturbance, times: String(times) }))));
  console.log(`${rounds} rounds, ${changes} changes answered, ${samples} samples of views, seed ${seed}`);
  if (wrong.length === 0) return console.log('Every view is correct.');
  console.error(`WRONG, with seed ${seed}:\n${wrong.map((line) => `  ${line}`).join('\n')}`);
  process.exitCode = 1;
};

const readPositive = (name: string, text: string): number => {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${name} ${text} is not a number greater than 0.`);
  return number;
};

await runMain(main);
process.exit();
