/** The transactional outbox, and the relay that publishes its events. */

export { followEncoding } from './follow-encoding.ts';
export { appendToOutbox, insertIntoOutbox, type OutboxEvent, readOutboxBacklog } from './outbox.ts';
export { type OutboxProgress, watchOutbox } from './outbox-progress.ts';
export { readWaitingEvents, removeWaitingEvents } from './personal-data.ts';
export { startRelay } from './relay.ts';
export { readRelayLease } from './relay-lease.ts';
