import { describe, expect, it } from 'vitest';
import { isExpectedRefusal } from './sidecar-log.ts';

// A line of daprd 1.18.2.
const refusal =
  'time="2026-11-26T02:10:27.315147916Z" level=error msg="possible etag mismatch. error from state store: rows affected error: no rows match given key and eTag" app_id=iot-platform component="durable-statestore (state.mysql/v1)" instance=vm scope=dapr.contrib type=log ver=unknown';

describe('the log of a sidecar', () => {
  it('omits refused compare-and-sets of state.mysql, under any name of the component', () => {
    expect(isExpectedRefusal(refusal)).toBe(true);
    expect(isExpectedRefusal(refusal.replace('durable-statestore', 'statestore'))).toBe(true);
  });

  it.each([
    ['another error after the same words', refusal.replace('no rows match given key and eTag', 'bad connection')],
    ['another message', refusal.replace('possible etag mismatch', 'deadlock found')],
    ['another store', refusal.replace('state.mysql', 'state.postgresql')],
    ['the words within another message', refusal.replace('msg="', 'msg="failed: ')],
    ['another level', refusal.replace('level=error', 'level=fatal')],
  ])('keeps %s', (_, line) => expect(isExpectedRefusal(line)).toBe(false));
});
