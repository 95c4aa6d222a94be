import type { Projection } from '../packages/projections/declaration.ts';
import type { DeliveredRecord } from '../packages/projections/event-bus.ts';

export type Thing = { key: string; n: number };

/** A minimal view with the highest number of each key. A record that is not JSON can never be applied. */
export const things: Projection<Thing, Thing> = {
  name: 'things',
  topic: { name: 'things-topic', partitions: 2, maxMessageBytes: 16_384 },
  deadLetters: { name: 'things-dead-letters', partitions: 1, maxMessageBytes: 65_536 },
  parse: ({ value }) => JSON.parse(value.toString()),
  key: ({ key }) => key,
  evolve: (held, thing) => (held && held.n >= thing.n ? held : thing),
};

export const thingRecord = (thing: Thing, partition: number, offset: number): DeliveredRecord => ({
  topic: things.topic.name,
  partition,
  offset,
  key: thing.key,
  timestamp: 0,
  value: Buffer.from(JSON.stringify(thing)),
});
