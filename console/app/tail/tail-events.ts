import type { Client } from '../services/client.ts';
import { Problem } from '../services/problem.ts';
import { createEventStreamParser, type StreamMessage } from './parse-event-stream.ts';

/** A record of a topic, as `GET /operations/events` sends it. */
export type TailRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When the broker stored it. */
  readonly timestamp: string;
  readonly key: string | null;
  readonly type: string | null;
  readonly revision: number | null;
  readonly isTombstone: boolean;
  readonly value: unknown;
  readonly isWithheld: boolean;
};

/** `waiting`: the last attempt failed, and another one follows. */
export type TailState = { readonly state: 'connecting' | 'open' | 'waiting'; readonly error?: Error };

export type TailListener = {
  records(records: readonly TailRecord[]): void;
  /** So many records came faster than they could be sent, and were left out. */
  skipped(count: number): void;
  state(state: TailState): void;
};

export type TailFilter = { readonly topic?: string; readonly key?: string; readonly last: number };

const firstPauseMs = 1_000;
const longestPauseMs = 10_000;

/** Follows the topics of a service until `leaving` aborts. It connects again after a failure, and continues after the last record. */
export const tailEvents = async (
  client: Client,
  filter: TailFilter,
  listener: TailListener,
  leaving: AbortSignal,
): Promise<void> => {
  let lastId: string | undefined;
  let pauseMs = firstPauseMs;
  while (!leaving.aborted) {
    await untilVisible(leaving);
    const connection = new AbortController();
    const close = () => connection.abort();
    leaving.addEventListener('abort', close, { once: true });
    const stopWatching = onHidden(close);
    try {
      listener.state({ state: 'connecting' });
      const headers = lastId === undefined ? {} : { 'Last-Event-ID': lastId };
      const response = await client.open(createPath(filter), { signal: connection.signal, headers, asOperator: true });
      listener.state({ state: 'open' });
      for await (const message of readMessages(response)) {
        lastId = message.id ?? lastId;
        pauseMs = firstPauseMs;
        if (message.event === 'records') listener.records(JSON.parse(message.data));
        if (message.event === 'gap') listener.skipped(JSON.parse(message.data).skipped);
        if (message.event === 'problem') throw new Error(JSON.parse(message.data).detail);
      }
      throw new Error(`The ${client.name} has ended the stream of events.`);
    } catch (error) {
      if (connection.signal.aborted) continue;
      // An id that the service does not know any more would be refused forever.
      if (error instanceof Problem && error.status === 400) lastId = undefined;
      listener.state({ state: 'waiting', error: error as Error });
      await pause(pauseMs, leaving);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    } finally {
      leaving.removeEventListener('abort', close);
      stopWatching();
    }
  }
};

const createPath = ({ topic, key, last }: TailFilter): string =>
  `/operations/events?${new URLSearchParams({ last: String(last), ...(topic && { topic }), ...(key && { key }) })}`;

async function* readMessages(response: Response): AsyncGenerator<StreamMessage> {
  if (!response.body) return;
  const parse = createEventStreamParser();
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new Error('The connection to the stream of events broke.');
    });
    if (done) return;
    yield* parse(decoder.decode(value, { stream: true }));
  }
}

/** A hidden tab follows nothing, so that it costs nothing. */
const untilVisible = async (leaving: AbortSignal): Promise<void> => {
  while (document.hidden && !leaving.aborted)
    await new Promise<void>((resolve) => {
      document.addEventListener('visibilitychange', () => resolve(), { once: true, signal: leaving });
      leaving.addEventListener('abort', () => resolve(), { once: true });
    });
};

const onHidden = (then: () => void): (() => void) => {
  const listen = () => {
    if (document.hidden) then();
  };
  document.addEventListener('visibilitychange', listen);
  return () => document.removeEventListener('visibilitychange', listen);
};

const pause = (ms: number, leaving: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (leaving.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      leaving.removeEventListener('abort', end);
      resolve();
    }, ms);
    leaving.addEventListener('abort', end, { once: true });
  });
