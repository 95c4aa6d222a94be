import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import type { StateStore } from '../state-store.ts';
import { asCheckpointDocument, type CheckpointDocument, checkpointKey } from './checkpoint-document.ts';

/** The name of a projection and of the topic that it follows: its position documents are found by these. */
export type Followed = { readonly name: string; readonly topic: { readonly name: string } };

/** By partition what a store keeps of it; undefined where it has nothing of it yet. */
export const readCheckpointDocuments = async (
  store: StateStore,
  { name, topic }: Followed,
  partitions: readonly number[],
): Promise<Map<number, CheckpointDocument | undefined>> => {
  const keyOf = (partition: number) => checkpointKey(name, topic.name, partition);
  const held = await store.getMany(partitions.map(keyOf));
  return new Map(partitions.map((partition) => [partition, asCheckpointDocument(held.get(keyOf(partition))?.value)]));
};

/** How far the writers have followed each partition for a generation; undefined where they do not. */
export const readCheckpoints = async (
  store: StateStore,
  followed: Followed,
  number: number,
  partitions: readonly number[],
): Promise<Map<number, Checkpoint | undefined>> => {
  const documents = await readCheckpointDocuments(store, followed, partitions);
  return new Map([...documents].map(([partition, document]) => [partition, document?.generations[number]]));
};
