/** Streams of events that only grow, and snapshots that make reading a long stream fast. It knows no orders. */
export {
  appendEvents,
  type EventMetadata,
  emptyStream,
  type RecordedEvent,
  readEvents,
} from './event-store.ts';
export { readSnapshot, writeSnapshot } from './snapshots.ts';
