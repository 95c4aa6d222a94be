import { describe, expect, it } from 'vitest';
import { readArguments } from './options.ts';

const hour = 3_600;
const year = 365 * 24 * hour;

describe('the options of npm run capacity', () => {
  const read = (...args: string[]) => readArguments(args);
  const within = (time: string) => read('--connections', '1', '--rebuild-within', time);

  it.each([
    ['90s', 90],
    ['30m', 1_800],
    ['1h', 3_600],
    ['1d', 86_400],
  ])('reads the time %s', (text, seconds) =>
    expect(within(text)).toMatchObject({ demand: { rebuildWithin: seconds } }));

  it('assumes one change of each connection in a year', () =>
    expect(read('--connections', String(year), '--rebuild-within', '1h')).toEqual({
      help: false,
      json: false,
      demand: { connections: year, rebuildWithin: hour, changesPerSecond: 1, years: 1, replicas: 3 },
    }));

  const both = (connections: string, time: string) => [`--connections=${connections}`, `--rebuild-within=${time}`];
  const refused = (why: string, ...lines: string[][]) => lines.map((line) => ({ line, why }));
  it.each([
    ...refused('Add the number of connections', []),
    ...refused('Add the time', ['--connections', '5']),
    ...refused(
      '--connections must be a whole number',
      ...['0', '-5', '1.5', '15M', '15_000_000', '1000000001', ''].map((text) => both(text, '1h')),
    ),
    ...refused(
      '--rebuild-within must be',
      ...['1', '0h', '59s', '1.5h', '-1h', '1w', '31d', '1 h', 'h', '999999999999h', ''].map((text) => both('5', text)),
    ),
    ...refused(
      '--changes-per-second must be',
      ...['-1', '1e3', 'x', ''].map((text) => [...both('5', '1h'), `--changes-per-second=${text}`]),
    ),
    ...refused('is more than one change of each connection', [...both('5', '1h'), '--changes-per-second=5.1']),
    ...refused('--replicas must be', [...both('5', '1h'), '--replicas', '0']),
    ...refused('--years must be', [...both('5', '1h'), '--years', '101']),
    ...refused('There is no option --meters', ['--meters', '5']),
  ])('refuses $line', ({ line, why }) => expect(() => readArguments(line)).toThrow(why));
});
