/** A message that every healthy lab logs, and why it needs no attention. The fields after the message are not compared. */
type ExpectedMessage = { readonly level: 'warning' | 'error'; readonly message: RegExp; readonly reason: string };

export const expectedMessages: readonly ExpectedMessage[] = [
  {
    level: 'warning',
    message: /^mTLS is disabled\. Skipping certificate request and tls validation$/,
    reason: 'The services do not call each other, so no sidecar calls another one.',
  },
  {
    level: 'warning',
    message: /^A non-YAML resiliency file [\w.-]+ was detected, it will not be loaded$/,
    reason: 'The folder of components contains a folder and a README, which the sidecar skips.',
  },
  {
    level: 'warning',
    message: /^Actor runtime disabled: .*placement service is not configured\./,
    reason: 'No service has actors or workflows.',
  },
  {
    level: 'warning',
    message: /^No scheduler host addresses provided\. Scheduler disabled$/,
    reason: 'No service schedules jobs.',
  },
  {
    level: 'warning',
    message:
      /^Redis does not support transaction rollbacks and should not be used in production as an actor state store\.$/,
    reason:
      'The view writes with ETags and reads again after a conflict, so it needs no rollback, and there are no actors.',
  },
  {
    level: 'error',
    message: /^possible etag mismatch\. error from state store: rows affected error: no rows match given key and eTag$/,
    reason:
      'state.mysql reports each refused compare-and-set. At its start the service probes whether the store refuses a stale ETag, and ' +
      'later it reads and retries when another writer was first.',
  },
];

const logLine = /^time="[^"]*" level=(\w+) msg="((?:[^"\\]|\\.)*)" /;

/** Whether a line of the log of a sidecar is one of the expected messages. */
export const isExpectedMessage = (line: string): boolean => {
  const [, level, message = ''] = logLine.exec(line) ?? [];
  const isExpected = expectedMessages.some((one) => one.level === level && one.message.test(message));
  // Of all stores, only state.mysql reports the refusal of an ETag as an error.
  return isExpected && (level !== 'error' || /component="[^"]* \(state\.mysql\/v\d+\)"/.test(line));
};
