import { describe, expect, it } from 'vitest';
import { expectedMessages, isExpectedMessage } from './sidecar-log.ts';

// Lines of daprd 1.18.2.
const line = (level: string, message: string, fields = 'scope=dapr.runtime') =>
  `time="2026-11-26T02:10:27.315147916Z" level=${level} msg="${message}" app_id=crm instance=vm ${fields} type=log ver=unknown`;
const ofRedis = 'component="statestore (state.redis/v1)" instance=vm scope=dapr.contrib';
const warnings = [
  line('warning', 'mTLS is disabled. Skipping certificate request and tls validation'),
  line('warning', 'A non-YAML resiliency file variants was detected, it will not be loaded'),
  line('warning', 'A non-YAML resiliency file README.md was detected, it will not be loaded'),
  line(
    'warning',
    'Actor runtime disabled: api error: code = Unavailable desc = placement service is not configured. Actors and Workflow APIs will be unavailable',
  ),
  line('warning', 'No scheduler host addresses provided. Scheduler disabled'),
  line(
    'warning',
    'Redis does not support transaction rollbacks and should not be used in production as an actor state store.',
    ofRedis,
  ),
];
const refusal =
  'time="2026-11-26T02:10:27.315147916Z" level=error msg="possible etag mismatch. error from state store: rows affected error: no rows match given key and eTag" app_id=iot-platform component="durable-statestore (state.mysql/v1)" instance=vm scope=dapr.contrib type=log ver=unknown';

describe('the log of a sidecar', () => {
  it.each(warnings)('omits what every healthy lab logs: %s', (text) => expect(isExpectedMessage(text)).toBe(true));

  it('omits refused compare-and-sets of state.mysql, under any name of the component', () => {
    expect(isExpectedMessage(refusal)).toBe(true);
    expect(isExpectedMessage(refusal.replace('durable-statestore', 'statestore'))).toBe(true);
  });

  it('has a reason for each message that it omits', () => {
    for (const { reason } of expectedMessages) expect(reason).toMatch(/^[A-Za-z.]+ .*\.$/);
  });

  it.each(warnings)('keeps the same words at another level or within another message: %s', (text) => {
    expect(isExpectedMessage(text.replace('level=warning', 'level=error'))).toBe(false);
    expect(isExpectedMessage(text.replace('msg="', 'msg="failed: '))).toBe(false);
  });

  it.each([
    ['another error after the same words', refusal.replace('no rows match given key and eTag', 'bad connection')],
    ['another message', refusal.replace('possible etag mismatch', 'deadlock found')],
    ['another store', refusal.replace('state.mysql', 'state.postgresql')],
    ['the words within another message', refusal.replace('msg="', 'msg="failed: ')],
    ['another level', refusal.replace('level=error', 'level=fatal')],
    ['a component that is ignored', line('error', 'Ignoring error processing component: dial tcp: connection refused')],
    ['a quoted text within a message', line('warning', String.raw`Post \"mTLS is disabled. Skipping\" failed`)],
    ['a line of another form', 'panic: runtime error'],
  ])('keeps %s', (_, text) => expect(isExpectedMessage(text)).toBe(false));
});
