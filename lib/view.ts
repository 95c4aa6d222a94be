import type { Topic } from './event-bus.ts';
import type { Position } from './position.ts';
import { positionKey } from './projection-write.ts';
import type { StateStore } from './state-store.ts';

/**
 * `empty`: this store has never seen an event of the topic. `incomplete`: events are missing that the topic once had,
 * so a document that is not there may only be missing here.
 */
export type Completeness = {
  readonly state: 'empty' | 'complete' | 'incomplete';
  readonly partitions: Record<number, Position>;
};

export type View<Document> = {
  get(key: string): Promise<Document | undefined>;
  completeness(): Promise<Completeness>;
};

/** The reading side of a projection. Reads the store at every call: what another instance wrote is seen at once. */
export const openView = <Document>(projection: { name: string; topic: Topic }, store: StateStore): View<Document> => ({
  get: async (key) => (await store.getMany([key])).get(key)?.value as Document | undefined,

  completeness: async () => {
    const { name, topic } = projection;
    const keys = Array.from({ length: topic.partitions }, (_, partition) => positionKey(name, topic.name, partition));
    const held = await store.getMany(keys);
    const known = keys.flatMap((key, partition) => {
      const position = held.get(key)?.value as Position | undefined;
      return position ? [[partition, position] as const] : [];
    });
    const gaps = known.some(([, position]) => position.missing.length > 0);
    return {
      state: known.length === 0 ? 'empty' : gaps ? 'incomplete' : 'complete',
      partitions: Object.fromEntries(known),
    };
  },
});
