import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { createRateLimitedLog } from '../../runtime/rate-limited-log.ts';

/** At most one line per minute, with the number of further failures, for a collector that fails repeatedly. */
const rate = { entries: 1, windowMs: 60_000 };
/** The batch processor drops a batch after this time, although the Zipkin exporter waits without limit. */
const exportTimeoutMs = 30_000;

/** Wraps an exporter so that it logs when the collector does not accept spans: one line per outage, for any number of batches. */
export const withOutageLog = (
  exporter: SpanExporter,
  { service, url }: { service: string; url: string },
  log: Logger,
): SpanExporter => {
  const { origin, pathname } = new URL(url);
  const limitedLog = createRateLimitedLog(log, rate);
  let isFailing = false;
  const reportFailure = (reason: string) => {
    // The logged address omits user and password.
    const collector = `${origin}${pathname}`;
    if (!isFailing)
      limitedLog.warn(
        { service, collector, reason },
        'spans are lost, because the collector does not accept them: check that it runs at this address',
      );
    isFailing = true;
  };
  return {
    export: (spans, done) => {
      const overdue = setTimeout(
        () => reportFailure(`no answer within ${exportTimeoutMs / 1_000} s`),
        exportTimeoutMs,
      ).unref();
      exporter.export(spans, (result) => {
        clearTimeout(overdue);
        if (result.code === ExportResultCode.SUCCESS) isFailing = false;
        else reportFailure(describeError(result.error));
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
};

/** If a host name has several addresses and none answers, the error has no message. */
const describeError = (error: (Error & { code?: unknown }) | undefined) =>
  error?.message || String(error?.code ?? error);
