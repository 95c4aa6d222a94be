import type { Client } from './client.ts';

/** The routes under /operations that the view services have (docs/operations.md), as far as the pages show them. */
type Partition = {
  readonly partition: number;
  /** The next offset that the group reads; null: unknown, or nothing committed. */
  readonly committed: number | null;
  readonly end: number | null;
  readonly applied: number | null;
  /** null: unknown */
  readonly lag: number | null;
};

export type ConsumerGroup = {
  readonly group: string;
  readonly topic: string;
  readonly members: readonly { readonly clientId: string; readonly host: string }[] | null;
  readonly lag: number | null;
  readonly partitions: readonly Partition[];
  readonly problem?: string;
};

/** A copy of a view; `store` is absent in the primary store. */
type Generation = { readonly number: number; readonly store?: string };

export type Mismatches = {
  readonly count: number;
  readonly isTruncated: boolean;
  readonly isUndecided: boolean;
  readonly first: readonly {
    readonly key: string;
    readonly source: string | null;
    readonly isUnknown: boolean;
    readonly rebuilt: string | null;
    readonly live: string | null;
  }[];
};

export type RunningRebuild = {
  /** Null until it has taken its lease. */
  readonly into: Generation | null;
  readonly inPlace: boolean;
  readonly from: 'log' | 'crm';
  readonly phase: string | null;
  /** Whether the service that answers works on it. Otherwise another process does, or it was interrupted. */
  readonly isActive: boolean;
  readonly startedAt: string;
  readonly step: string | null;
  readonly done: number | null;
  readonly total: number | null;
  readonly secondsLeft: number | null;
  /** The request that continues it; null while the service works on it. */
  readonly continueWith: { readonly path: string; readonly body: object | null } | null;
};

export type EndedRebuild = {
  readonly action: 'rebuild' | 'abandon' | 'retire';
  readonly endedAt: string;
  readonly result: 'switched' | 'differs' | 'abandoned' | 'retired' | 'stopped' | 'failed';
  readonly generation: Generation | null;
  readonly mismatches: Mismatches | null;
  readonly detail: string;
};

export type RebuildState = {
  /** The generation that answers; null: unknown */
  readonly generation: Generation | null;
  readonly switchBackTo: Generation | null;
  readonly running: RunningRebuild | null;
  readonly last: EndedRebuild | null;
  /** Earlier generations whose removal is unfinished. */
  readonly retiring: { readonly generations: readonly Generation[]; readonly isActive: boolean } | null;
};

export type RebuildOptions = {
  readonly from: 'log' | 'crm';
  readonly inPlace: boolean;
  readonly acceptDifferences: boolean;
  readonly fullSpeed: boolean;
  readonly into?: string;
  readonly compareWithSource?: boolean;
};

export type DeadLetter = {
  readonly id: string;
  readonly time: string;
  readonly topic: string;
  readonly partition: number | null;
  readonly offset: number | null;
  readonly key: string | null;
  /** The document that refuses because of it. */
  readonly documentKey: string | null;
  readonly state: string;
  readonly reason: string;
  readonly value: string | null;
  readonly valueBase64: string | null;
  readonly isShortened: boolean;
  readonly isWithheld: boolean;
};

export type Explanation = {
  readonly events: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly time: string;
    readonly revision: number | '';
    readonly level: string;
  }[];
  readonly sides: readonly {
    readonly side: string;
    readonly level: string;
    readonly revision: number | '';
    readonly where: string;
  }[];
  readonly agree: boolean;
  readonly sentences: readonly string[];
};

const read = async <Body>(client: Client, path: string, signal?: AbortSignal): Promise<Body> =>
  (await client.call<Body>(path, { signal })).body;
const act = async <Body>(client: Client, path: string, body?: object): Promise<Body> =>
  (await client.call<Body>(path, { method: 'POST', asOperator: true, ...(body && { body }) })).body;
const of = (view: string) => `view=${encodeURIComponent(view)}`;

export const readConsumerGroup = (client: Client, view: string, signal?: AbortSignal): Promise<ConsumerGroup> =>
  read(client, `/operations/consumer-group?${of(view)}`, signal);

export const explainKey = (client: Client, key: string, signal?: AbortSignal): Promise<Explanation> =>
  read(client, `/operations/explain/${encodeURIComponent(key)}`, signal);

export const readRebuild = (client: Client, view: string, signal?: AbortSignal): Promise<RebuildState> =>
  read(client, `/operations/rebuild?${of(view)}`, signal);
export const startRebuild = (client: Client, view: string, options: RebuildOptions): Promise<RebuildState> =>
  act(client, `/operations/rebuild?${of(view)}`, options);
/** Continues an interrupted rebuild with its own options, because others would be refused. */
export const continueRebuild = (
  client: Client,
  view: string,
  { path, body }: NonNullable<RunningRebuild['continueWith']>,
): Promise<RebuildState> => act(client, `${path}?${of(view)}`, body ?? undefined);
export const abandonRebuild = (client: Client, view: string): Promise<RebuildState> =>
  act(client, `/operations/rebuild/abandon?${of(view)}`);
/** Removes all generations but the one that answers, or continues this. */
export const retireGenerations = (client: Client, view: string): Promise<RebuildState> =>
  act(client, `/operations/retire?${of(view)}`);
export const switchBack = (client: Client, view: string): Promise<unknown> =>
  act(client, `/operations/switch-back?${of(view)}`);

/** The dead letters of a view, newest first. It needs the operator token. */
export const listDeadLetters = async (
  client: Client,
  view: string,
  signal?: AbortSignal,
): Promise<{ readonly items: readonly DeadLetter[]; readonly total: number }> =>
  (
    await client.call<{ items: DeadLetter[]; total: number }>(`/operations/dead-letters?${of(view)}&limit=200`, {
      signal,
      asOperator: true,
    })
  ).body;

type WhichDeadLetters = { readonly ids: readonly string[] } | { readonly all: true };
export const replayDeadLetters = (
  client: Client,
  view: string,
  which: WhichDeadLetters,
): Promise<{ readonly replayed: number }> => act(client, `/operations/dead-letters/replay?${of(view)}`, which);
/** `withoutPlace`: those that concern no document. */
export const discardDeadLetters = (
  client: Client,
  view: string,
  which: WhichDeadLetters,
): Promise<{ readonly discarded: number; readonly withoutPlace: number }> =>
  act(client, `/operations/dead-letters/discard?${of(view)}`, which);
