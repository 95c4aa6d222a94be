/** Requests with an idempotency key: executed once, answered alike. */
export { executeOnce, purgeOldAnswers } from './idempotent-request.ts';
export { storedAnswers } from './personal-data.ts';
