import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'dapr-components');
type Component = { spec?: { type?: string; metadata: { name: string; value: string }[] } };
const components = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => ({
      file,
      spec: (document.toJS() as Component).spec,
    })),
  )
  .filter(({ spec }) => spec?.type === 'pubsub.kafka')
  .map(({ file, spec }) => ({
    file,
    ...Object.fromEntries(spec?.metadata.map(({ name, value }) => [name, value]) ?? []),
  }));
const consumers = components.filter((component) => 'consumerGroup' in component) as Record<string, string>[];

const dropsOf = ({ excludeHeaderMetaRegex = '' }: Record<string, string>, names: readonly string[]) => {
  const [, flag = '', pattern = ''] = /^(?:\(\?(s)\))?(.+)$/.exec(excludeHeaderMetaRegex) ?? [];
  return names.filter((header) => new RegExp(pattern, flag).test(header));
};

it('every Kafka component drops record headers that look like broker metadata', () => {
  expect(components.length).toBeGreaterThanOrEqual(9);
  const names = ['__key', '__topic', '__partition', '__offset', '__timestamp'];
  for (const component of components as Record<string, string>[])
    expect(dropsOf(component, [...names, 'replay-of']), component.file).toEqual(names);
});

it('every Kafka component that consumes drops all headers but the one of a replay', () => {
  const names = [
    'traceparent',
    'partitionKey',
    'rest',
    'replay_of',
    'replay-off',
    'replay-of\n',
    'replay-o\ufffd',
    '\ufffd',
  ];
  for (const consumer of consumers) expect(dropsOf(consumer, [...names, 'replay-of']), consumer.file).toEqual(names);
});

it('every Kafka component that consumes escapes keys, because gRPC delivers only UTF-8', () => {
  for (const { file, escapeHeaders } of consumers) expect(escapeHeaders, file).toBe('true');
});

describe('the session of a consumer', () => {
  const toMs = (duration = '') => Number.parseInt(duration, 10) * (duration.endsWith('ms') ? 1 : 1_000);
  const isQuick = ({ file }: Record<string, string>) => file?.startsWith('variants/quick-takeover');

  it('has room for two lost heartbeats', () => {
    expect(consumers.length).toBeGreaterThanOrEqual(10);
    for (const consumer of consumers)
      expect(toMs(consumer.sessionTimeout), consumer.file).toBeGreaterThanOrEqual(3 * toMs(consumer.heartbeatInterval));
  });

  it('ends after 6 s, the shortest timeout that a broker accepts by default', () => {
    for (const consumer of consumers.filter((one) => !isQuick(one)))
      expect(consumer.sessionTimeout, consumer.file).toBe('6s');
  });

  it.each([
    ['scripts/stack/parts/kafka.ts', /'group\.min\.session\.timeout\.ms': (\d+)/],
    ['docker-compose.yml', /KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: (\d+)/],
  ])('of quick-takeover is accepted by the broker of %s', (file, setting) => {
    const least = Number(setting.exec(readFileSync(join(root, file), 'utf8'))?.[1]);
    expect(consumers.filter(isQuick).map(({ sessionTimeout }) => toMs(sessionTimeout))).toEqual([least, least]);
  });
});
