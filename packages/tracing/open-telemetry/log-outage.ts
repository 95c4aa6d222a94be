import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { createRateLimitedLog } from '../../runtime/rate-limited-log.ts';

/** A collector that fails now and then gets a line a minute at most, and the number of further failures. */
const rate = { entries: 1, windowMs: 60_000 };
/** The batch processor gives up a batch after this time; the Zipkin exporter waits forever. */
const answerWithinMs = 30_000;

/** Logs that a collector takes no spans: one line for an outage, however many batches are lost in it. */
export const logOutage = (
  exporter: SpanExporter,
  { service, url }: { service: string; url: string },
  log: Logger,
): SpanExporter => {
  const { origin, pathname } = new URL(url);
  const logged = createRateLimitedLog(log, rate);
  let isFailing = false;
  const reportFailure = (reason: string) => {
    // Without the user and password that the address may have.
    const collector = `${origin}${pathname}`;
    if (!isFailing) logged.warn({ service, collector, reason }, 'spans are lost: the collector does not take them');
    isFailing = true;
  };
  return {
    export: (spans, done) => {
      const overdue = setTimeout(
        () => reportFailure(`no answer within ${answerWithinMs / 1_000} s`),
        answerWithinMs,
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

/** A name with several addresses, none of which answers, gives an error without a message. */
const describeError = (error: (Error & { code?: unknown }) | undefined) =>
  error?.message || String(error?.code ?? error);
