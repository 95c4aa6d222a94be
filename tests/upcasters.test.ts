import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jsonCodec } from '../contracts/codec.ts';
import { connectionMandateChanged } from '../contracts/events/connection-mandate-changed/upcasters.ts';
import { createEventReader } from '../contracts/read-event.ts';
import { topics } from '../contracts/topics.ts';
import { mandates } from '../iot-platform/mandates/materialise.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { startProjection } from '../packages/projections/projection.ts';
import { openView } from '../packages/projections/view.ts';
import { eventually } from './eventually.ts';
import { createTestRuntime, noon } from './test-runtime.ts';

/** A possible second version of the event: nested data, levels in words, and the revision among the data. */
const secondType = 'utility.crm.connection-mandate-changed.v2';
const secondSchema = z.object({
  time: z.string(),
  data: z.object({
    connection: z.object({ id: z.string() }),
    permits: z.enum(['nothing', 'billing', 'real-time']),
    revision: z.int(),
  }),
});
const levels = { nothing: '0', billing: '1', 'real-time': '2' } as const;
const { parse } = createEventReader(jsonCodec, {
  ...connectionMandateChanged,
  upcasters: {
    ...connectionMandateChanged.upcasters,
    [secondType]: (event) => {
      const { time, data } = secondSchema.parse(event);
      const { connection, permits, revision } = data;
      return { data: { connectionId: connection.id, connectionMandate: levels[permits] }, revision, time };
    },
  },
});

const first = JSON.parse(
  readFileSync(new URL('../contracts/events/connection-mandate-changed/examples/v1.json', import.meta.url), 'utf8'),
);
const second = (id: string, permits: keyof typeof levels, revision: number) => ({
  specversion: '1.0',
  type: secondType,
  time: new Date(noon).toISOString(),
  data: { connection: { id }, permits, revision },
});

let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

describe('a second version of the event', () => {
  it('needs one more upcaster, and earlier versions are parsed as before', () => {
    const timestamp = Number(first.sequence);
    const read = (event: object) => parse({ value: jsonCodec.encode(event), timestamp });
    expect(read(second('4617', 'billing', timestamp))).toMatchObject({
      data: { connectionId: '4617', connectionMandate: '1' },
      revision: timestamp,
    });
    expect(read(first)).toMatchObject({ data: first.data, revision: timestamp });
    expect(read({ connectionId: '1', connectionMandate: '2' }).data.connectionMandate).toBe('2');
    expect(() => read({ ...first, type: 'utility.crm.connection-mandate-changed.v3' })).toThrow('unknown event type');
  });

  it('fills one view together with the first version and plain payloads, and the highest revision wins across versions', async () => {
    const platform = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
    const bus = platform.eventBus('group');
    const store = platform.stateStore('statestore');
    const projection = await startProjection({ ...mandates, parse }, { ...createTestRuntime(), bus, store });
    close = projection.close;
    const v1 = (connectionId: string, connectionMandate: string, revision: number) => ({
      ...first,
      subject: connectionId,
      sequence: String(revision),
      data: { connectionId, connectionMandate },
    });
    const plain = { connectionId: 'C', connectionMandate: '2' };
    const events: [string, unknown][] = [
      ['A', v1('A', '1', noon - 10)],
      ['A', second('A', 'real-time', noon - 9)],
      ['B', second('B', 'real-time', noon - 9)],
      ['B', v1('B', '1', noon - 10)],
      ['C', second('C', 'billing', noon - 9)],
      ['C', plain],
      ['D', JSON.stringify({ ...plain, connectionId: 'D' })],
    ];
    for (const [key, event] of events)
      await bus.publish(topics.connectionMandates.name, [{ id: key, key, value: Buffer.from(JSON.stringify(event)) }]);
    const view = openView<{ connectionMandate: string }>(mandates, store);
    await eventually(async () => {
      const shown = await Promise.all(
        ['A', 'B', 'C', 'D'].map(async (key) => (await view.get(key))?.connectionMandate),
      );
      expect(shown).toEqual(['2', '2', '2', '2']);
      expect(projection.counts()).toMatchObject({ applied: 6, ignored: 1, setAside: 0 });
    });
  });
});
