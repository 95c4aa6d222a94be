import { expect, it } from 'vitest';
import { memberIds, readLabSettings } from './settings.ts';
import { formatRemedies, formatWalkThrough } from './texts.ts';

const settings = readLabSettings({});
const [iotPlatform, customerView] = [settings.members['iot-platform'], settings.members['customer-view']];
const empty = { store: 'a store', state: 'empty', warning: 'it was never filled.' };
const commandsIn = (text: string) => text.match(/(?<=^ {4})npm .*$/gm);

it('the remedies of the default view need no options', () => {
  const text = formatRemedies(settings, iotPlatform, empty);
  expect(text).toContain('The view of the IoT platform in a store is empty: it was never filled.');
  expect(text).toContain('rename consumerGroup in dapr-components/iot-platform-pubsub.yaml');
  expect(commandsIn(text)).toEqual([
    'npm run rebuild',
    'npm run lab -- stop iot-platform',
    'npm run consumer-group -- reset --to earliest',
    'npm run lab -- start iot-platform',
  ]);
});

it('the remedies of another view name the view, its topic and its service', () => {
  const text = formatRemedies(settings, customerView, { ...empty, name: 'greetings' });
  expect(text).toContain('The view greetings of the customer-view in a store is empty: it was never filled.');
  expect(text).toContain('rename consumerGroup in dapr-components/customer-view-pubsub.yaml');
  expect(commandsIn(text)).toEqual([
    'npm run rebuild -- --view greetings',
    'npm run lab -- stop customer-view',
    'npm run consumer-group -- reset --to earliest --topic greetings-topic',
    'npm run lab -- start customer-view',
  ]);
});

it('the walk-through shows every service with its sidecar', () => {
  const text = formatWalkThrough(settings, [...memberIds, 'billing']);
  for (const { name, url, ports } of Object.values(settings.members))
    expect(text).toMatch(new RegExp(`^ +${name} +${url} +sidecar http://localhost:${ports.dapr}$`, 'm'));
});

it('names the billing example only in a lab with it', () => {
  expect(formatWalkThrough(settings)).not.toContain('billable');
  expect(formatWalkThrough(settings, [...memberIds, 'billing'])).toContain(
    `${settings.members.billing.url}/billable/7733`,
  );
});
