import { useEffect, useRef, useState } from 'preact/hooks';
import { type Client, customerView, iotPlatform } from '../services/client.ts';
import { operatorToken } from '../services/operator-token.ts';
import { addRecords, addSkipped, type EventList, noEvents } from './event-list.ts';
import { type TailListener, type TailRecord, type TailState, tailEvents } from './tail-events.ts';

/** The topics and the service that shows their records. */
export const topics: readonly { readonly topic: string; readonly service: Client }[] = [
  { topic: 'connection-mandates-topic', service: iotPlatform },
  ...['customers-topic', 'customer-registrations-topic', 'orders-topic', 'greetings-topic'].map((topic) => ({
    topic,
    service: customerView,
  })),
];

type Tail = {
  readonly list: EventList;
  /** The state of the stream from each service that is followed. */
  readonly states: readonly (TailState & { readonly service: string })[];
  clear(): void;
};

/**
 * Follows the topics, or one of them, and shows what arrives, at most once per animation frame. `onRecords` gets the records at once.
 * Another filter starts with an empty list.
 */
export const useTail = (
  { topic = '', key = '', last = 50 }: { topic?: string; key?: string; last?: number },
  onRecords?: (records: readonly TailRecord[]) => void,
): Tail => {
  const [list, setList] = useState(noEvents);
  const [states, setStates] = useState<Tail['states']>([]);
  const clear = useRef(() => {});
  const listen = useRef(onRecords);
  listen.current = onRecords;
  const token = operatorToken.value;
  useEffect(() => {
    const leaving = new AbortController();
    let current = noEvents;
    let frame = 0;
    const change = (next: EventList) => {
      current = next;
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        setList(current);
      });
    };
    clear.current = () => change(noEvents);
    setList(noEvents);
    const services = [...new Set(topics.filter((one) => !topic || one.topic === topic).map(({ service }) => service))];
    setStates(services.map(({ name }) => ({ service: name, state: 'connecting' })));
    for (const service of services) {
      const listener: TailListener = {
        records: (records) => {
          listen.current?.(records);
          change(addRecords(current, records));
        },
        skipped: (count) => change(addSkipped(current, count)),
        state: (state) =>
          setStates((before) =>
            before.map((one) => (one.service === service.name ? { service: one.service, ...state } : one)),
          ),
      };
      const filter = { last, ...(topic && { topic }), ...(key && { key }) };
      void tailEvents(service, filter, listener, leaving.signal);
    }
    return () => {
      leaving.abort();
      cancelAnimationFrame(frame);
    };
  }, [topic, key, last, token]);
  return { list, states, clear: () => clear.current() };
};
