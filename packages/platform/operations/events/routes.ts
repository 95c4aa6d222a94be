import type { Response } from 'express';
import { z } from 'zod';
import { operation, type Routes } from '../../../http/operation.ts';
import { isOperator } from '../../../http/operator-token.ts';
import { wholeNumber } from '../../../http/whole-number.ts';
import { DomainError } from '../../../runtime/domain-error.ts';
import { describeError, type OperationsContext } from '../context.ts';
import { limitConcurrency, signalClosed } from '../request-limits.ts';
import { openEventStream } from './event-stream.ts';
import { formatPlaces, parsePlaces, placesForm, placesPattern } from './place-list.ts';
import { followLogs, readFirst, type Tail } from './read-tail.ts';
import { showRecord } from './show-record.ts';
import { createTailBuffer } from './tail-buffer.ts';

const maxTails = 5;
/** Records in one event of the stream. */
const maxRecords = 200;
const defaultIntervalMs = 250;
const example = `retry: 1000

event: records
id: orders-topic/0/8
data: [{"topic":"orders-topic","partition":0,"offset":7,"timestamp":"2026-11-26T12:00:00.123Z",…}]

event: gap
data: {"skipped":1234}

`;

/** `/operations/events`: the records of the topics that the views follow, as they arrive. */
export const openEventRoutes = (context: OperationsContext): { routes: Routes; close(): Promise<void> } => {
  const { views, tailIntervalMs = defaultIntervalMs } = context;
  const readers = new Map(views.map(({ registered: { projection } }) => [projection.topic.name, projection]));
  const names = [...readers.keys()];
  const closing = new AbortController();
  const limitTails = limitConcurrency(
    maxTails,
    (limit) =>
      new DomainError('too-many-tails', `${limit} requests follow the events of this service already.`, {
        remedy: 'close one of them',
      }),
  );

  const stream = async (tail: Tail, { follow }: { follow: boolean }, res: Response) => {
    const signal = AbortSignal.any([closing.signal, signalClosed(res)]);
    const logs = { ...context, readers };
    const places = await readFirst(tail, logs, signal);
    const events = openEventStream(res);
    const show = isOperator(res);
    const flush = () => {
      if (events.isCongested()) return;
      const { records, skipped } = tail.buffer.take();
      if (skipped > 0) events.send('gap', { skipped });
      if (records.length === 0) return;
      const shown = records.map((record) => showRecord(record, readers.get(record.topic) as never, show));
      events.send('records', shown, formatPlaces(places));
    };
    flush();
    if (!follow || res.req.method === 'HEAD') return events.end();
    const timer = setInterval(flush, tailIntervalMs);
    try {
      await followLogs(tail, places, logs, signal);
    } catch (error) {
      if (!signal.aborted) events.send('problem', { detail: describeError(error) });
    } finally {
      clearInterval(timer);
      events.end();
    }
  };

  const topic = z.enum(names, `one of ${names.join(', ')}`).optional();
  const routes: Routes = {
    '/operations/events': {
      get: operation({
        summary: 'The records of the topics of this service, as they arrive',
        description:
          'Server-sent events. A client that is too slow gets the latest records, and the number of those left out.',
        token: 'optional',
        query: z.object({
          topic: topic.meta({ description: 'Default: all topics that the views of this service follow.' }),
          key: z
            .string()
            .max(255, 'at most 255 characters')
            .optional()
            .meta({ description: 'Only records of this key.', examples: ['7733'] }),
          last: wholeNumber('a whole number from 0 to 200', { min: 0, max: maxRecords, defaultValue: 0 }),
          follow: z
            .enum(['true', 'false'], 'true or false')
            .default('true')
            .meta({ description: 'false: end after the last records.', examples: ['false'] }),
        }),
        headers: z.object({
          'Last-Event-ID': z
            .string()
            .regex(placesPattern, placesForm)
            .optional()
            .meta({ description: 'Continues after this event, instead of `last`.', examples: [`${names[0]}/0/8`] }),
        }),
        responses: { 200: { description: 'The stream.', mediaType: 'text/event-stream', example } },
        errors: ['too-many-tails', 'log-unavailable'],
        handle: async ({ query: { topic: name, key, last, follow }, headers }, res) => {
          const lastEventId = headers['Last-Event-ID'];
          const resume = lastEventId === undefined ? undefined : parsePlaces(lastEventId);
          const buffer = createTailBuffer(maxRecords);
          const topics = name === undefined ? names : [name];
          await limitTails(() => stream({ topics, key, last, resume, buffer }, { follow: follow === 'true' }, res));
        },
      }),
    },
  };
  return { routes, close: async () => closing.abort() };
};
