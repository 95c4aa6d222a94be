import { parseOptions, readNumber } from '../../packages/cli/options.ts';
import type { Demand } from './estimate.ts';
import { assumptions, safetyFactor } from './estimate.ts';

export const help = `Usage: npm run capacity -- --connections N --rebuild-within TIME [OPTIONS]
Estimates the partitions, instances, memory and disk that a number of connections needs, from measured constants.

It measures nothing: npm run bench:growth wrote the constants to bench/capacity/measured.json. Every figure includes a safety factor of
${safetyFactor}: rates are divided by it, sizes and times multiplied. An instance is a service with its sidecar on two cores.
Assumed: ${assumptions}.

Options
  --connections N          connections of the network, such as 15000000
  --rebuild-within TIME    time in which a lost view must be filled again from the log, such as 90s, 30m, 1h or 1d,
                           from 60s to 30d
  --changes-per-second N   changes of mandates at the busiest time (default: one change of each connection in a year)
  --years N                years of changes that the log keeps (default: 1)
  --replicas N             copies of each partition in Kafka (default: 3)
  --json                   prints one JSON object: bytes, seconds, events/s
  --help                   shows this text

Examples
  npm run capacity -- --connections 15000000 --rebuild-within 1h
  npm run capacity -- --connections 8000000 --rebuild-within 30m --changes-per-second 200 --years 10

Exit codes
  0  the estimate is printed, with what limits it
  1  an option is missing or invalid`;

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const secondsPerYear = 365 * 86_400;
/** No country has more connections, and no service with its sidecar starts in less time. */
const [most, leastSeconds] = [{ connections: 1_000_000_000, days: 30, years: 100, replicas: 9 }, 60];

type Arguments = { help: true } | { help: false; json: boolean; demand: Demand };

/** @throws Error that names the missing or invalid option, and what is accepted */
export const readArguments = (args: readonly string[]): Arguments => {
  const { values } = parseOptions('npm run capacity', {
    args: [...args],
    options: {
      connections: { type: 'string' },
      'rebuild-within': { type: 'string' },
      'changes-per-second': { type: 'string' },
      years: { type: 'string', default: '1' },
      replicas: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { help: true };
  if (values.connections === undefined) throw new Error('Add the number of connections: --connections 15000000.');
  if (values['rebuild-within'] === undefined)
    throw new Error('Add the time in which a lost view must be filled again: --rebuild-within 1h.');
  const connections = readNumber('--connections', values.connections, 1, most.connections);
  const changes = values['changes-per-second'];
  const demand = {
    connections,
    rebuildWithin: readDuration('--rebuild-within', values['rebuild-within']),
    changesPerSecond:
      changes === undefined ? connections / secondsPerYear : readRate('--changes-per-second', changes, connections),
    years: readNumber('--years', values.years, 0, most.years),
    replicas: readNumber('--replicas', values.replicas, 1, most.replicas),
  };
  return { help: false, json: values.json, demand };
};

const readDuration = (name: string, text: string): number => {
  const [, digits, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * (secondsPerUnit[unit] ?? Number.NaN);
  if (seconds >= leastSeconds && seconds <= most.days * 86_400) return seconds;
  throw new Error(
    `${name} must be a whole number with a unit, as 90s, 30m, 1h or 1d, from ${leastSeconds}s to ${most.days}d, not ${text || "''"}.`,
  );
};

const readRate = (name: string, text: string, connections: number): number => {
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(text))
    throw new Error(`${name} must be a number of at least 0, such as 0.5 or 200, not ${text || "''"}.`);
  if (Number(text) <= connections) return Number(text);
  throw new Error(
    `${name} ${text} is more than one change of each connection in a second: give at most ${connections}.`,
  );
};
