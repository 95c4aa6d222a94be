import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ports } from './ports.ts';

const addresses: [string, string][] = [
  ['localhost:9092', `localhost:${ports.kafka}`],
  ['localhost:6379', `localhost:${ports.redis}`],
  ['localhost:3306', `localhost:${ports.mysql}`],
];

/**
 * Copies the project's components with the addresses of the benchmark's stack, a new consumer group, and without traces, because
 * the benchmark runs no Zipkin.
 */
export const createComponentsFolder = (from: string, consumerGroup: string): string => {
  const folder = resolve('.data/bench-components');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(from).filter((name) => name.endsWith('.yaml'))) {
    let yaml = readFileSync(join(from, file), 'utf8');
    for (const [original, ours] of addresses) yaml = yaml.replaceAll(original, ours);
    yaml = yaml.replaceAll('iot-platform-consumer', consumerGroup).replace(/samplingRate: "1"/, 'samplingRate: "0"');
    writeFileSync(join(folder, file), yaml);
  }
  return folder;
};
