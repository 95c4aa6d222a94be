import type { DeliveredRecord, Topic } from './event-bus.ts';

export type EventStamp = { readonly time: string; readonly revision: number };

/** A view, declared: which topic it follows and how one event changes one document. */
export type Projection<Event, Document> = {
  readonly name: string;
  readonly topic: Topic;
  /** Where records go that can never be applied. */
  readonly deadLetters: Topic;
  /** @throws Error whose message says why the record can never be applied */
  readonly parse: (record: DeliveredRecord) => Event;
  readonly key: (event: Event) => string;
  /** Of a record that cannot be parsed: the key of the document that it concerns, undefined where it names none. */
  readonly keyOfUnreadable?: (record: DeliveredRecord) => string | undefined;
  /**
   * Pure. Answers the very same document when the event changes nothing. A document whose `at` is the partition and offset
   * of the record that it shows is not marked by an unreadable record before that.
   */
  readonly evolve: (held: Document | undefined, event: Event) => Document;
  /** When an event happened, in ISO 8601, and which revision of its document it made. */
  readonly eventStamp?: (event: Event) => EventStamp;
  /** The trace that the event belongs to, as a W3C traceparent. */
  readonly traceparent?: (event: Event) => string | undefined;
  /** Names what is worth counting about an event beside applied or ignored. */
  readonly classify?: (held: Document | undefined, event: Event) => string | undefined;
};
