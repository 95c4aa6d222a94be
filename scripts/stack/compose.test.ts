import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { brokerTopics } from '../../contracts/topics.ts';
import { createTopicSettings } from '../../packages/kafka/topic-configuration.ts';

const ownServices = ['crm', 'iot-platform', 'customer-view'];
const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');
const compose = read('docker-compose.yml');

const addresses = { 'localhost:9092': 'kafka:19092', 'localhost:6379': 'redis:6379', 'localhost:3306': 'mysql:3306' };
const withComposeAddresses = (yaml: string): string =>
  Object.entries(addresses)
    .reduce((text, [onHost, inCompose]) => text.replaceAll(onHost, inCompose), yaml)
    .replace('"http://localhost:9411', '"http://zipkin:9411');

describe('docker-compose.yml', () => {
  it('declares the topics of contracts/topics.ts', () => {
    const command = compose.split('declare_topic() {')[1]?.split('\n\n')[0]?.replaceAll('$$', '$') ?? '';
    const settings = (text = '') => Object.fromEntries(text.split(',').map((setting) => setting.split('=')));
    const common = settings(/--add-config "(.*),\$4"/.exec(command)?.[1]);
    const groups = Object.fromEntries(
      [...command.matchAll(/^ +(\w+)="(.*)"$/gm)].map(([, name, text]) => [name, text]),
    );
    const declared = [...command.matchAll(/declare_topic ([a-z-]+) (\d+) (\d+) "\$(\w+)"/g)].map(
      ([, name, partitions, bytes, group = '']) => ({
        name,
        partitions: Number(partitions),
        settings: { ...common, ...settings(groups[group]), 'max.message.bytes': bytes },
      }),
    );
    expect(declared).toEqual(
      brokerTopics.map((topic) => ({
        name: topic.name,
        partitions: topic.partitions,
        settings: createTopicSettings(topic),
      })),
    );
  });

  it('publishes every port on loopback', () => {
    const published = compose.match(/(?<=ports:\n\s+- ).+/g) ?? [];
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('gives the IoT platform the URL of Redis, for its check of maxmemory-policy', () =>
    expect(compose).toMatch(/iot-platform:\n(?:.+\n)+ +- REDIS_URL=redis:\/\/redis:6379\n/));

  it.each(['STATESTORE_NAME', 'CONSUMER_GROUP', 'AUTO_REBUILD'])('passes %s to the IoT platform', (name) =>
    expect(compose).toMatch(new RegExp(`iot-platform:\\n(?:.+\\n)+ +- ${name}\\n`)));

  it('passes the encoding of the mandates to CRM and IoT platform, with the registry of its profile', () => {
    const { services } = parse(compose, { merge: true });
    const registry = new URL('http://schema-registry:8080/apis/ccompat/v7');
    for (const name of ['crm', 'iot-platform'])
      expect(services[name].environment, name).toEqual(
        expect.arrayContaining(['MANDATES_ENCODING', `SCHEMA_REGISTRY_URL=${registry}`]),
      );
    expect(services[registry.hostname].profiles).toEqual(['schema-registry']);
    expect(services[registry.hostname].ports).toEqual([expect.stringMatching(new RegExp(`:${registry.port}$`))]);
  });

  it('has every profile that a documented command names', () => {
    const { services } = parse(compose, { merge: true });
    const profiles = new Set(
      Object.values<{ profiles?: string[] }>(services).flatMap(({ profiles }) => profiles ?? []),
    );
    for (const document of ['docs/polyglot.md', 'docs/schemas.md', 'docs/lab.md']) {
      const commands = [...read(document).matchAll(/docker compose ([^`]*)/g)].map(([, options]) => String(options));
      expect(commands, document).not.toEqual([]);
      const named = commands.flatMap((options) => [...options.matchAll(/--profile (\S+)/g)].map(([, name]) => name));
      for (const name of named) expect([...profiles], document).toContain(name);
    }
  });

  it('keeps the views of the customer-view in a volume', () => {
    const { services, volumes } = parse(compose, { merge: true });
    expect(services['customer-view'].volumes).toEqual(['customer-view:/app/.data']);
    expect(services['customer-view'].environment).toContain('CUSTOMER_VIEW_DATABASE_URL');
    expect(Object.keys(volumes)).toContain('customer-view');
  });

  it.each([
    'OPERATOR_TOKEN',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_HEADERS',
  ])('passes %s to every service', (name) => {
    for (const service of ownServices)
      expect(compose).toMatch(new RegExp(`\\n  ${service}:\\n(?:.+\\n)+ +- ${name}\\n`));
  });

  it('lets the pages of the CRM call every service, and the IoT platform call the CRM', () => {
    const environments = ownServices.map(
      (service): string[] => parse(compose, { merge: true }).services[service].environment,
    );
    const pages = 'http://localhost:3005,http://127.0.0.1:3005,http://[::1]:3005';
    for (const environment of environments)
      expect(environment).toContain(`ALLOWED_ORIGINS=\${ALLOWED_ORIGINS:-${pages}}`);
    const [crm, iotPlatform, customerView] = environments;
    expect(crm).toContain(`ALLOWED_HOSTS=\${ALLOWED_HOSTS:-crm}`);
    for (const environment of [iotPlatform, customerView]) expect(environment).toContain('ALLOWED_HOSTS');
    expect(iotPlatform).toContain('CRM_URL=http://crm:3005');
  });

  it('has sidecars report by the protocol of the services instead of gRPC, the default of daprd', () => {
    const sidecar = compose.split('\nx-sidecar: &sidecar\n')[1]?.split('\n\n')[0];
    for (const variable of ['ENDPOINT', 'HEADERS', 'INSECURE', 'PROTOCOL=http/protobuf'])
      expect(sidecar).toContain(`- OTEL_EXPORTER_OTLP_${variable}\n`);
  });

  it('lets every sidecar and health check call its service by a loopback name', () => {
    expect(compose).not.toContain('app-channel-address');
    for (const service of ownServices)
      expect(compose).toMatch(new RegExp(`${service}-sidecar:\\n(?:.+\\n)+? +network_mode: "service:${service}"\\n`));
    const checked = compose.match(/(?<=fetch\('http:\/\/)[^:]+/g);
    expect(checked).toEqual(ownServices.map(() => '127.0.0.1'));
  });

  it('starts the subscriber in Python only in its own profile, with its own sidecar', () => {
    const { services } = parse(compose, { merge: true });
    const { billing, 'billing-sidecar': sidecar } = services;
    expect([billing.profiles, sidecar.profiles]).toEqual([['billing'], ['billing']]);
    expect(billing.ports).toEqual(['127.0.0.1:3012:3012']);
    expect(sidecar.network_mode).toBe('service:billing');
    expect(sidecar.command).toContain('--app-port=3012');
    expect(billing.environment).toContain('DAPR_GRPC_PORT=3924');
    expect(sidecar.command).toContain('--dapr-grpc-port=3924');
    expect(read('examples/billing-python/Dockerfile')).toMatch(/^USER billing$/m);
  });

  it.each(['APP_API_TOKEN', 'DAPR_API_TOKEN'])('passes %s to every service and sidecar where it is set', (name) => {
    const passed = `- ${name}=\${${name}:-}\n`;
    for (const member of ['x-sidecar: &sidecar', ...[...ownServices, 'billing'].map((name) => `  ${name}:`)])
      expect(compose.split(`\n${member}\n`)[1]?.split('\n\n')[0], member).toContain(passed);
  });

  it('gives its sidecars the same components as elsewhere, with the addresses of the Compose network', () => {
    const files = readdirSync(resolve(root, 'dapr-components')).filter((name) => name.endsWith('.yaml'));
    for (const name of files) {
      expect(read(`dapr-components/variants/compose/${name}`), name).toBe(
        withComposeAddresses(read(`dapr-components/${name}`)),
      );
    }
  });
});
