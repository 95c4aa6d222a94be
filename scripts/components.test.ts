import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCustomerViewConfig } from '../customer-view/config.ts';
import { readIotPlatformConfig } from '../iot-platform/config.ts';
import { consumerGroupOf, pubsubOf, readComponents } from './components.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'components-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
const pubsub = (metadata: string, name = 'iot-platform-pubsub') =>
  `kind: Component\nmetadata:\n  name: ${name}\nspec:\n  type: pubsub.kafka\n  metadata:\n${metadata}`;
const entry = (name: string, value: string) => `    - name: ${name}\n      value: ${value}\n`;
const group = (env: Record<string, string> = {}) => consumerGroupOf('iot-platform', env, readComponents(folder));

describe('the consumer group of a service', () => {
  it.each([
    ['iot-platform', readIotPlatformConfig({})],
    ['customer-view', readCustomerViewConfig({})],
  ] as const)('of the %s is the same in every folder of components and in its configuration', (id, config) => {
    for (const name of [
      '.',
      'variants/fast',
      'variants/quick-takeover',
      'variants/compose',
      'variants/sqlite',
      'variants/redis-streams',
    ]) {
      const components = readComponents(`dapr-components/${name}`);
      expect(pubsubOf(id, {}, components)?.name, name).toBe(config.pubsub);
      expect(consumerGroupOf(id, {}, components), name).toBe(config.consumerGroup);
    }
    expect(consumerGroupOf(id, {}, [])).toBe(config.consumerGroup);
  });

  it('is read from the component of that name in any file of the folder', () => {
    write('other.yaml', pubsub(entry('consumerGroup', 'other'), 'pubsub'));
    write(
      'any.yml',
      `# first another\n${pubsub(entry('brokers', 'b'), 'x')}---\n${pubsub(entry('consumerGroup', '"renamed"'))}`,
    );
    expect(group()).toBe('renamed');
    expect(group({ PUBSUB_NAME: 'pubsub' })).toBe('other');
  });

  it('is CONSUMER_GROUP where that is set', () => {
    write('pubsub.yaml', pubsub(entry('consumerGroup', 'in-yaml')));
    expect(group({ CONSUMER_GROUP: 'set' })).toBe('set');
    expect(group({ CONSUMER_GROUP: '' })).toBe('in-yaml');
  });

  it('is the consumerID or the app-id where the component has no consumerGroup, as in Dapr', () => {
    write('pubsub.yaml', pubsub(entry('brokers', 'b')));
    expect(group()).toBe('iot-platform');
    write('pubsub.yaml', pubsub(entry('consumerID', 'by-id')));
    expect(group()).toBe('by-id');
  });

  it('is iot-platform-consumer without the component, and unparsable files are skipped', () => {
    write('broken.yaml', 'kind: [');
    write('list.yaml', '- 1');
    write('empty.yaml', '');
    expect(group()).toBe('iot-platform-consumer');
  });

  it('is an error that names the folder where the folder does not exist', () =>
    expect(() => readComponents(join(folder, 'none'))).toThrow(/^The folder .*none \(RESOURCES_PATH\) cannot be read/));
});
