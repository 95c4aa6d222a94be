import { randomInt } from 'node:crypto';
import { parseOptions, readNumber } from '../../packages/cli/options.ts';
import { whichLogOptions } from '../which-log.ts';

export type OrdersArguments = {
  readonly count: number;
  /** Orders per second; undefined for as fast as the CRM accepts them. */
  readonly rate: number | undefined;
  readonly seed: number;
  readonly crm: string | undefined;
  readonly embedded: boolean;
  readonly kafka: boolean;
};

const maxSeed = 2 ** 32;

/** @returns undefined for --help @throws Error that says what to do */
export const readArguments = (args: string[]): OrdersArguments | undefined => {
  const { values, positionals } = parseOptions('npm run orders', {
    args,
    allowPositionals: true,
    options: {
      rate: { type: 'string' },
      seed: { type: 'string' },
      crm: { type: 'string' },
      help: { type: 'boolean', default: false },
      ...whichLogOptions,
    },
  });
  if (values.help) return undefined;
  const [command, count, ...more] = positionals;
  if (command !== 'generate' || count === undefined || more.length > 0)
    throw new Error('Say how many orders to create: npm run orders -- generate 1000 (--help shows all options).');
  return {
    count: readNumber('The number of orders', count, 1, 100_000_000),
    rate: values.rate === undefined ? undefined : readNumber('--rate', values.rate, 1, 1_000_000),
    seed: values.seed === undefined ? randomInt(maxSeed) : readNumber('--seed', values.seed, 0, maxSeed - 1),
    crm: values.crm,
    embedded: values.embedded,
    kafka: values.kafka,
  };
};
