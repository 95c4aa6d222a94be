import type { DeliveredRecord, Topic } from './event-bus.ts';

/** The time of an event in ISO 8601, and the revision that it gave its document. */
export type EventStamp = { readonly time: string; readonly revision: number };

/**
 * Declares a view: the topic it follows, and how one event changes one document. Everything here is data or a pure
 * function; the engine does the rest.
 */
export type Projection<Event, Document> = {
  readonly name: string;
  /** The option that selects this view in commands, for messages. Default: none, because commands select this view by default. */
  readonly viewOption?: string;
  readonly topic: Topic;
  /** The dead-letter topic: records that can never be applied are published there. */
  readonly deadLetters: Topic;
  /** Other topics that may have filled this view before. It refuses to answer from what they filled. Default: none. */
  readonly otherTopics?: readonly string[];
  /**
   * Loads what `decode`, `parse` and `keyOfUnreadable` need for these records, such as their schemas. Default: nothing.
   * @throws Error when it cannot be loaded now: the records are delivered again, and never become dead letters
   */
  readonly prepare?: (records: readonly DeliveredRecord[]) => Promise<void>;
  /** The event of a record as an object, to show it. Default: the value is JSON. @throws Error when it is none */
  readonly decode?: (record: DeliveredRecord) => object;
  /**
   * Parses a record.
   * @throws Error when the record can never be applied; the message is the reason in the dead letter
   */
  readonly parse: (record: DeliveredRecord) => Event;
  /** The key of the document that the event changes. It must not contain a colon. */
  readonly key: (event: Event) => string;
  /**
   * Finds the key of the document that an unreadable record concerns; undefined where the record names none. That
   * document refuses to answer until the dead letter is resolved. Default: no document is affected.
   */
  readonly keyOfUnreadable?: (record: DeliveredRecord) => string | undefined;
  /**
   * Pure and independent of the order of events. Returns the same object when the event changes nothing. A document may
   * keep the place of its record as `at: [partition, offset]`, of two copies of one event the lower place: then the document
   * refuses only for unreadable records that are not before that place in its partition, in any order of delivery.
   */
  readonly evolve: (held: Document | undefined, event: Event) => Document;
  /** The time of the event (ISO 8601) and the revision of its document, for /status. */
  readonly eventStamp?: (event: Event) => EventStamp;
  /** The trace of the event, as a W3C traceparent. */
  readonly traceparent?: (event: Event) => string | undefined;
  /**
   * Classifies an event that /status counts separately, in addition to applied or ignored; undefined for an ordinary
   * event.
   */
  readonly classify?: (held: Document | undefined, event: Event) => string | undefined;
};
