/**
 * state.mysql logs each refused compare-and-set as an error. Refusals are normal: at its start the service probes whether the
 * store refuses a stale ETag, and later it reads and retries when another writer was first.
 */
const refusal =
  /^time="[^"]*" level=error msg="possible etag mismatch\. error from state store: rows affected error: no rows match given key and eTag" .*component="[^"]* \(state\.mysql\/v\d+\)"/;

/** Whether a line of the sidecar's log reports only a refused compare-and-set of state.mysql. */
export const isExpectedRefusal = (line: string): boolean => refusal.test(line);
