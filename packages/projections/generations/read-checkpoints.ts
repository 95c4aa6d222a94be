import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import type { StateStore } from '../state-store.ts';
import { asCheckpointDocument, type CheckpointDocument, checkpointKey } from './checkpoint-document.ts';

/** The names of a projection and of its topic, which form the keys of its checkpoint documents. */
export type ProjectionRef = {
  readonly name: string;
  readonly topic: { readonly name: string };
  readonly otherTopics?: readonly string[];
};

/** Reads the checkpoint document of each partition; undefined where the store has none. */
export const readCheckpointDocuments = async (
  store: StateStore,
  { name, topic }: ProjectionRef,
  partitions: readonly number[],
): Promise<Map<number, CheckpointDocument | undefined>> => {
  const keyOf = (partition: number) => checkpointKey(name, topic.name, partition);
  const held = await store.getMany(partitions.map(keyOf));
  return new Map(partitions.map((partition) => [partition, asCheckpointDocument(held.get(keyOf(partition))?.value)]));
};

/** Reads the checkpoint of a generation in each partition; undefined where the generation is not registered. */
export const readCheckpoints = async (
  store: StateStore,
  projection: ProjectionRef,
  number: number,
  partitions: readonly number[],
): Promise<Map<number, Checkpoint | undefined>> => {
  const documents = await readCheckpointDocuments(store, projection, partitions);
  return new Map([...documents].map(([partition, document]) => [partition, document?.generations[number]]));
};

/**
 * Finds the other topic of the projection that filled a generation: its checkpoints register the generation. Such a generation may
 * lack what its own topic has, and have documents that its own topic does not explain.
 */
export const findOtherTopic = async (
  store: StateStore,
  { name, otherTopics = [] }: Pick<ProjectionRef, 'name' | 'otherTopics'>,
  number: number,
  partitions: readonly number[],
): Promise<string | undefined> => {
  for (const topic of otherTopics) {
    const checkpoints = await readCheckpoints(store, { name, topic: { name: topic } }, number, partitions);
    if ([...checkpoints.values()].some((checkpoint) => checkpoint !== undefined)) return topic;
  }
  return undefined;
};
