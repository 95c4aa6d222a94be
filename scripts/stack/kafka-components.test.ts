import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const folder = resolve(import.meta.dirname, '../../dapr-components');
const components = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split(/^---$/m)
      .map((yaml) => ({ name, yaml })),
  )
  .filter(({ yaml }) => yaml.includes('type: pubsub.kafka'));

it('every Kafka component drops record headers, which may look like broker metadata, except the one of a replay', () => {
  expect(components.length).toBeGreaterThanOrEqual(9);
  for (const { name, yaml } of components) {
    const [, pattern = ''] = /- name: excludeHeaderMetaRegex\n +value: "\(\?s\)(.+)"/.exec(yaml) ?? [];
    const names = [
      '__key',
      '__offset',
      'traceparent',
      'partitionKey',
      'replay',
      'replay-of',
      'replay-off',
      'replay-of\n',
      'é',
    ];
    const dropped = names.filter((header) => new RegExp(pattern, 's').test(header));
    expect(dropped, name).toEqual(names.filter((header) => !['replay', 'replay-of'].includes(header)));
  }
});

it('every Kafka component that consumes escapes keys, because gRPC can deliver only UTF-8', () => {
  const consumers = components.filter(({ yaml }) => yaml.includes('consumerGroup'));
  expect(consumers.length).toBeGreaterThanOrEqual(8);
  for (const { name, yaml } of consumers) expect(yaml, name).toMatch(/- name: escapeHeaders\n +value: "true"/);
});
