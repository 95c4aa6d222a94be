import type { Response } from 'express';

/** After this time without progress of the client, its connection is closed. */
const stalledAfterMs = 30_000;
const heartbeatMs = 10_000;

/** A response with server-sent events. */
export type EventStream = {
  /** Whether the client has not yet taken what was sent. */
  isCongested(): boolean;
  send(event: string, data: unknown, id?: string): void;
  end(): void;
};

/** Begins a response of server-sent events, with a comment every ten seconds that keeps the connection open. */
export const openEventStream = (res: Response): EventStream => {
  let congestedMs = 0;
  const heartbeat = setInterval(() => {
    congestedMs = res.writableNeedDrain ? congestedMs + heartbeatMs : 0;
    if (congestedMs >= stalledAfterMs) res.destroy();
    else if (congestedMs === 0) res.write(': heartbeat\n\n');
  }, heartbeatMs);
  heartbeat.unref();
  res.on('close', () => clearInterval(heartbeat));
  res.status(200).set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
  res.flushHeaders();
  if (res.req.method !== 'HEAD') res.write('retry: 1000\n\n');
  return {
    isCongested: () => res.writableNeedDrain,
    // JSON has no line breaks outside of strings, where they are escaped.
    send: (event, data, id) =>
      void res.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`),
    end: () => void res.end(),
  };
};
