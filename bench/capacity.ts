import { topics } from '../contracts/topics.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';
import { assumptions, estimateCapacity } from './capacity/estimate.ts';
import { readMeasured } from './capacity/measured.ts';
import { help, readArguments } from './capacity/options.ts';
import { formatEstimate } from './capacity/report.ts';

const main = async () => {
  const options = readArguments(process.argv.slice(2));
  if (options.help) return console.log(help);
  const measured = readMeasured();
  const estimate = estimateCapacity(options.demand, measured, topics.connectionMandates.partitions);
  const { date, machine, command } = measured;
  if (options.json)
    return console.log(
      JSON.stringify({ demand: options.demand, estimate, assumptions, measured: { date, machine, command } }, null, 2),
    );
  console.log(formatTable(formatEstimate(options.demand, estimate, measured)));
  for (const warning of estimate.warnings) console.log(`\n${warning}`);
  console.log(`\nAssumed: ${assumptions}.`);
  console.log(`Measured by ${command} on ${date}: ${machine}.`);
};

await runMain(main);
