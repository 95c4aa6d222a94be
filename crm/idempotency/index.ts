/** Requests with an idempotency key: executed once, and every repetition gets the same answer. */
export { executeOnce, purgeOldAnswers } from './idempotent-request.ts';
export { storedAnswers } from './personal-data.ts';
