/**
 * state.mysql logs each compare-and-set that it refuses as an error, without the key. They are part of normal work: the service
 * tries at its start whether the store refuses what it should, and reads again when another writer came first.
 */
const refusal =
  /^time="[^"]*" level=error msg="possible etag mismatch\. error from state store: rows affected error: no rows match given key and eTag" .*component="[^"]* \(state\.mysql\/v\d+\)"/;

/** Whether a line of the sidecar's log reports nothing but a refused compare-and-set of state.mysql. */
export const isExpectedRefusal = (line: string): boolean => refusal.test(line);
