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

it('every Kafka component drops record headers that look like broker metadata', () => {
  expect(components.length).toBeGreaterThanOrEqual(9);
  for (const { name, yaml } of components)
    expect(yaml, name).toMatch(/- name: excludeHeaderMetaRegex\n +value: "\^__"/);
});
